// Entry of `npm run chaos`: reads the command line, runs one scenario of the table, prints its report and its verdict.
import { Leftovers } from '../bench/leftovers.ts';
import { readMachine } from '../bench/machine.ts';
import { oneOf, readCommandLine, runCommand, UsageError, wholeNumber } from '../command-line.ts';
import { faultsScenario } from './faults/faults.ts';
import { createProgress } from './progress.ts';
import { restartsScenario } from './restarts/restarts.ts';
import type { ChaosOptions, ChaosScenario } from './scenario.ts';
import { startupScenario } from './startup/startup.ts';
import { tableScenario } from './table/table.ts';

/** The first one runs when none is named. */
const SCENARIOS: Readonly<Record<string, ChaosScenario>> = {
  faults: faultsScenario,
  restarts: restartsScenario,
  startup: startupScenario,
  table: tableScenario,
};

const OPTIONS = {
  seed: { type: 'string' },
  minutes: { type: 'string', default: '1' },
  services: { type: 'string', default: '15' },
  count: { type: 'string', default: '1000' },
  placement: { type: 'string', default: 'thread' },
} as const;

const leftovers = new Leftovers();
await runCommand('chaos', () => run(process.argv.slice(2)));
leftovers.remove();

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readCommandLine(argv, OPTIONS);
  if (values.help) {
    console.log(helpText());
    return 0;
  }
  const [name = Object.keys(SCENARIOS)[0] ?? '', second] = positionals;
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (scenario === undefined || second !== undefined) {
    throw new UsageError(`Name one scenario: ${Object.keys(SCENARIOS).join(', ')}.`);
  }
  const options: ChaosOptions = {
    seed: wholeNumber('--seed', values.seed ?? String(Date.now() % 1_000_000), 0, 999_999_999),
    minutes: wholeNumber('--minutes', values.minutes, 1, 999),
    services: wholeNumber('--services', values.services, 6, 50),
    count: wholeNumber('--count', values.count, 1, 100_000),
    placement: oneOf('--placement', values.placement, ['thread', 'process']),
  };
  const machine = readMachine();
  const report = await scenario.run(options, { leftovers, progress: createProgress(process.stderr) });
  const { broken } = report;
  if (values.json) console.log(JSON.stringify({ scenario: name, machine, ...report.data, broken }));
  else console.log(`\n${report.text}\n\n${machine.text}\n${verdict(broken)}`);
  return broken.length === 0 ? 0 : 1;
}

function verdict(broken: readonly string[]): string {
  if (broken.length === 0) return 'All invariants hold.';
  return ['What must hold and did not:', ...broken.map((text) => `  ${text}`)].join('\n');
}

function helpText(): string {
  const scenarios = Object.entries(SCENARIOS).map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`);
  return [
    'Usage: npm run chaos -- [scenario] [options]',
    '',
    'Scenarios:',
    ...scenarios,
    '',
    'Options:',
    '  --seed S       Of faults: decides every action; default: another one each time',
    '  --minutes M    Of faults: how long. Default: 1',
    '  --services N   Of faults: how many, at least 6. Default: 15',
    '  --count N      Of restarts: how many. Default: 1000',
    '  --placement P  Of restarts and table: thread or process. Default: thread',
    '  --json         One JSON object on stdout',
    '  -h, --help     This text',
    '',
    'Examples:',
    '  npm run chaos -- --seed 1 --minutes 10',
    '  npm run chaos -- restarts --count 1000',
    '  npm run chaos -- startup',
    '  npm run chaos -- table --placement process',
    '',
    'Exit codes: 0 all invariants hold, 1 one does not, 2 usage.',
  ].join('\n');
}
