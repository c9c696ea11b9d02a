// Runs many command lines in one process of its own, so that nothing they write or leave touches the tests. Started by
// command-lines.test.ts with an IPC channel; the working directory is a project whose services do nothing.
import fc from 'fast-check';
import { runCommandLine } from '../../launcher/cli/command-line.ts';

const WORDS = [
  ...[
    'up',
    'env',
    'foo',
    'bar',
    'nobody',
    'ps',
    'logs',
    '@core',
    '@nobody',
    '!foo',
    'f*',
    '{foo,bar}',
    '--',
    '-',
  ],
  ...[
    '--json',
    '--json=5',
    '--no-color',
    '--color',
    '--config',
    'uber.config.json',
    '/etc/passwd',
    '--no-deps',
  ],
  ...[
    '--env',
    'A=b',
    'foo.A=b',
    'x.A=b',
    '=',
    '--env-file',
    '.env',
    '--host',
    '0.0.0.0',
    '--namespace',
    'Not OK',
  ],
  ...[
    '--isolation',
    'thread',
    'moon',
    '--wait-timeout',
    '-5',
    '1e99',
    '--keep',
    '--nonsense',
    '-z',
    '--help',
    '-h',
  ],
  ...[
    '--version',
    '--constructor',
    '--__proto__',
    '--__proto__.x=1',
    '--toString',
    '--a.b.c',
    '--no-no-json',
  ],
];
const anyWord = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: 'binary', maxLength: 12 }),
  // A service that is started would be one that the option below did not reach.
  fc.string({ maxLength: 8 }).map((text) => `--${text}`),
);

const seed = Number(process.argv[2]);
const numRuns = Number(process.argv[3]);
let count = 0;

const property = fc.asyncProperty(fc.array(anyWord, { maxLength: 6 }), async (words) => {
  // `--dry-run` starts nothing; `env` starts nothing anyway, and has no such option.
  const isEnv = words[0] === 'env';
  const argv = isEnv ? words : ['up', '--dry-run', ...words.filter((word) => !/dry/.test(word))];
  process.exitCode = undefined;
  count += 1;
  await runCommandLine(argv);
  const { exitCode } = process;
  if (exitCode !== undefined && exitCode !== 0 && exitCode !== 2)
    throw new Error(`exit code ${exitCode} for ${JSON.stringify(argv)}`);
  if (Object.hasOwn(Object.prototype, 'x')) throw new Error('the prototype of all objects was changed');
});
let failure: string | null = null;
try {
  await fc.assert(property, { seed, numRuns, endOnFailure: true });
} catch (error) {
  failure = String(error);
}
process.exitCode = 0;
process.send?.({ count, failure });
process.disconnect?.();
