// The command line of `npm run bench`.
import { itemsOf, oneOf, readCommandLine, UsageError, wholeNumber } from '../command-line.ts';
import { FLAVOURS } from './project/flavours.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenario-table.ts';
import { PEER_NAMES, PLACEMENT_NAMES, SIDES } from './sides/side-table.ts';

/** What to do. */
export interface BenchCommand {
  readonly scenarios: readonly [string, Scenario][];
  /** What becomes of docs/benchmarks: written anew when nothing was left out, or only what was measured. */
  readonly writes: 'all' | 'measured' | 'nothing';
  readonly gate: 'check' | 'update' | null;
  readonly isJson: boolean;
  readonly options: BenchOptions;
}

const OPTIONS = {
  services: { type: 'string' },
  rounds: { type: 'string' },
  flavour: { type: 'string' },
  seconds: { type: 'string', default: '3' },
  peers: { type: 'string', default: PEER_NAMES.join() },
  placements: { type: 'string', default: PLACEMENT_NAMES.join() },
  write: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  update: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line; null when it asks for help.
 * @throws UsageError
 */
export function readOptions(argv: readonly string[]): BenchCommand | null {
  const { values, positionals } = readCommandLine(argv, OPTIONS);
  if (values.help) return null;
  const gate = values.check ? 'check' : values.update ? 'update' : null;
  if (values.check && values.update) throw new UsageError('--check and --update exclude each other.');
  if (gate !== null && positionals.length > 0) {
    throw new UsageError(`--${gate} chooses what it measures: leave out "${positionals.join(' ')}".`);
  }
  const isLimited = (['services', 'rounds', 'flavour'] as const).some((key) => values[key] !== undefined);
  const everything = [...PEER_NAMES, ...PLACEMENT_NAMES].join();
  const isComplete =
    positionals.length === 0 && !isLimited && `${values.peers},${values.placements}` === everything;
  return {
    scenarios: scenariosOf(positionals),
    writes: values.write ? 'measured' : isComplete ? 'all' : 'nothing',
    gate,
    isJson: values.json,
    options: {
      services: listOf(values.services, (text) => wholeNumber('--services', text, 1, 999)),
      rounds: values.rounds === undefined ? null : wholeNumber('--rounds', values.rounds, 1, 999),
      flavours: listOf(values.flavour, (text) => oneOf('--flavour', text, FLAVOURS)),
      seconds: wholeNumber('--seconds', values.seconds, 1, 999),
      sides: [
        ...itemsOf(values.peers).map((text) => oneOf('--peers', text, PEER_NAMES)),
        ...itemsOf(values.placements).map((text) => oneOf('--placements', text, PLACEMENT_NAMES)),
      ],
    },
  };
}

function scenariosOf(names: readonly string[]): [string, Scenario][] {
  if (names.length === 0) return Object.entries(SCENARIOS);
  return names.map((name) => {
    const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
    if (scenario !== undefined) return [name, scenario];
    throw new UsageError(`No scenario "${name}". Known: ${Object.keys(SCENARIOS).join(', ')}.`);
  });
}

function listOf<Value>(text: string | undefined, read: (item: string) => Value): Value[] | null {
  return text === undefined ? null : itemsOf(text).map(read);
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = (entries: Readonly<Record<string, { readonly summary: string }>>): string[] =>
    Object.entries(entries).map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`);
  return [
    'Usage: npm run bench -- [scenario ...] [options]',
    '',
    'Without a scenario: all of them, and docs/benchmarks is written anew.',
    '',
    'Scenarios:',
    ...lines(SCENARIOS),
    '',
    'What is compared (--placements and --peers):',
    ...lines(SIDES),
    '',
    'Options:',
    '  --services N,N    How many services, each number by itself. Default: as the scenario needs',
    '  --rounds N        Measured rounds of each side. Default: as the scenario needs',
    `  --flavour F,F     Of boot and memory: what the services are: ${FLAVOURS.join(', ')}`,
    '  --peers P,P       Compares with these only, or with "none"',
    '  --placements P,P  These placements of uber only, or "none"',
    '  --seconds N       Length of each measurement of throughput and of neighbours. Default: 3',
    '  --write           Puts what was measured into docs/benchmarks, beside what is there',
    '  --check           The regression gate: a short set of ratios beside the committed ones',
    '  --update          Measures the same set and writes it to be committed',
    '  --json            One JSON object on stdout',
    '  -h, --help        This text',
    '',
    'Examples:',
    '  npm run bench -- boot --peers bare,watt --services 15 --flavour heavy',
    '  npm run bench -- density --placements thread --services 1,5,15 --rounds 1',
    '  npm run bench -- cli cost --write',
    '  npm run bench -- --check',
    '',
    'Exit codes: 0 measured, 1 uber failed or a ratio is lost, 2 usage.',
  ].join('\n');
}
