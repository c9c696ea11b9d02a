// Entry of `npm run bench`: reads the command line, runs one scenario of the table and prints its report.
import { parseArgs } from 'node:util';
import { bootScenario } from './boot/boot.ts';
import { costScenario } from './cost/cost.ts';
import { Leftovers } from './leftovers.ts';
import { readMachine } from './machine.ts';
import { type BenchOptions, FLAVOURS, type Flavour, type Scenario } from './scenario.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = { boot: bootScenario, cost: costScenario };

/** A mistake on the command line; its message is all there is to tell. */
class UsageError extends Error {}

const leftovers = new Leftovers();
try {
  await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.exitCode = isUsage ? 2 : 1;
  console.error(isUsage ? `${error.message}\nSee: npm run bench -- --help` : error);
} finally {
  leftovers.remove();
}

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv);
  if (values.help) {
    console.log(helpText());
    return;
  }
  const [name, second] = positionals;
  const scenario = name !== undefined && Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (scenario === undefined || second !== undefined) {
    throw new UsageError(`Name one scenario: ${Object.keys(SCENARIOS).join(', ')}.`);
  }
  const options: BenchOptions = {
    services: (values.services ?? ['15', '50']).map((text) => count('--services', text)),
    rounds: count('--rounds', values.rounds),
    flavour: flavourOf(values.flavour),
    seconds: count('--seconds', values.seconds),
  };
  const machine = readMachine();
  const report = await scenario.run(options, { leftovers, progress: (text) => console.error(text) });
  if (values.json) console.log(JSON.stringify({ scenario: name, machine, ...report.data }));
  else console.log(`\n${report.text}\n\n${machine.text}`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        services: { type: 'string', multiple: true },
        rounds: { type: 'string', default: '7' },
        flavour: { type: 'string', default: 'js' },
        seconds: { type: 'string', default: '3' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new UsageError(`${option} takes a number from 1 to 999, not "${text}".`);
  return Number(text);
}

function flavourOf(text: string): Flavour {
  const flavour = FLAVOURS.find((known) => known === text);
  if (flavour === undefined) throw new UsageError(`--flavour is one of: ${FLAVOURS.join(', ')}.`);
  return flavour;
}

function helpText(): string {
  const scenarios = Object.entries(SCENARIOS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return [
    'Usage: npm run bench -- <scenario> [options]',
    '',
    'Scenarios:',
    ...scenarios,
    '',
    'Options:',
    '  --services N  Of boot: how many services; may be repeated. Default: 15 and 50',
    '  --rounds N    Measured rounds of each side. Default: 7',
    `  --flavour F   Of boot: what the services are written in: ${FLAVOURS.join(' or ')}. Default: js`,
    '  --seconds N   Of cost: length of each measurement of throughput. Default: 3',
    '  --json        One JSON object on stdout',
    '  -h, --help    This text',
  ].join('\n');
}
