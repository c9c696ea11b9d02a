// The command line: yargs, the table of verbs, and what happens to an error.
import yargs, { type Argv, type Options, type PositionalOptions } from 'yargs';
import { ERROR_CODES, toUberError, UberError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Command, GlobalArgs } from './command.ts';
import { doctorCommand } from './commands/doctor.ts';
import { envCommand } from './commands/env.ts';
import { initCommand } from './commands/init.ts';
import { psCommand } from './commands/ps.ts';
import { upCommand } from './commands/up.ts';
import { endProcess, type Outcome } from './outcome.ts';
import { createOutput } from './output/output.ts';
import { readVersion } from './version.ts';

const COMMANDS: readonly Command[] = [upCommand, psCommand, envCommand, doctorCommand, initCommand];

/** Parses the arguments, runs the verb and ends the process as the contract says. Never throws. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  let outcome: Outcome = { exitCode: 0 };
  try {
    const chosen = await parse(argv);
    if (chosen !== null) {
      const verb = await chosen.command.load();
      outcome = await verb.run(chosen.args);
    }
  } catch (error) {
    outcome = reportError(error, argv);
  }
  endProcess(outcome);
}

/** The verb that was asked for. */
class Chosen extends Error {
  readonly command: Command;
  readonly args: GlobalArgs;

  constructor(command: Command, args: GlobalArgs) {
    super(command.summary);
    this.command = command;
    this.args = args;
  }
}

/** Null when yargs has answered by itself: `--help`, `--version`. */
async function parse(argv: readonly string[]): Promise<Chosen | null> {
  try {
    await makeParser(argv[0]).parseAsync([...argv]);
    return null;
  } catch (thrown) {
    if (thrown instanceof Chosen) return thrown;
    throw thrown;
  }
}

const GLOBAL_OPTIONS: Readonly<Record<string, Options>> = {
  json: { describe: 'One JSON object a line', type: 'boolean', default: false },
  color: { describe: 'Colours; default: in a terminal (NO_COLOR and FORCE_COLOR hold)', type: 'boolean' },
  config: {
    describe: 'Configuration file; default: uber.config.* here or above',
    type: 'string',
    requiresArg: true,
  },
};

function makeParser(verb: string | undefined): Argv {
  const parser = yargs()
    .scriptName('uber')
    .locale('en')
    .usage(
      'Run services in one process, each on its own thread, port and resource directory.\n\nUsage: $0 [verb] [services..]',
    )
    .options(GLOBAL_OPTIONS)
    .parserConfiguration({ 'duplicate-arguments-array': true, 'populate--': true })
    .version(readVersion())
    .alias('help', 'h')
    .strictOptions()
    .exitProcess(false)
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue('Exit codes: 0 fine, 1 a service failed, 2 usage or configuration, 3 no live run, 4 timed out.')
    .fail((message, error) => {
      // yargs reports a missing value of an option as an error of its own class.
      throw error === undefined || error.name === 'YError'
        ? usageError(message || error.message, verb)
        : error;
    });
  for (const command of COMMANDS) addCommand(parser, command);
  return parser;
}

function addCommand(parser: Argv, command: Command): void {
  parser.command(
    [...command.usage],
    command.summary,
    (self) => {
      for (const [line, what] of command.examples) self.example(line, what);
      const takesServices = command.usage.some((usage) => usage.includes('[services..]'));
      return (takesServices ? self.positional('services', SERVICES) : self).options(command.options);
    },
    (args) => {
      const behind = (args['--'] as string[] | undefined) ?? [];
      if (behind.length > 0)
        throw new UberError('USAGE', `Nothing may stand behind "--": ${behind.join(' ')}`);
      assertGivenOnce(args, { ...GLOBAL_OPTIONS, ...command.options });
      // Thrown: behind a handler that returns, yargs writes the whole help, in case it fails later. That takes 5 ms.
      throw new Chosen(command, args as unknown as GlobalArgs);
    },
  );
}

const SERVICES: PositionalOptions = {
  describe: "Names, globs ('acc*'), @group, or !name to leave one out",
  type: 'string',
  array: true,
  default: [],
};

/** yargs makes a list of what is given twice; only some options are lists. */
function assertGivenOnce(
  args: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, Options>>,
): void {
  const twice = Object.entries(options).find(
    ([name, { array }]) => array !== true && Array.isArray(args[name]),
  );
  if (twice !== undefined) throw new UberError('USAGE', `--${twice[0]} may be given only once.`);
}

function usageError(message: string, verb: string | undefined): UberError {
  const [, option, given, choices = ''] = /Argument: ([^,]+), Given: (.+), Choices: (.+)/.exec(message) ?? [];
  if (option !== undefined) {
    const known = choices.replaceAll(', ', ' or ');
    return new UberError('USAGE', `--${option} must be ${known}, got ${given}.`, {
      hint: 'See: uber --help',
    });
  }
  const unknown = /^Unknown arguments?: ([^,\s]+)/.exec(message)?.[1];
  if (unknown === undefined) return new UberError('USAGE', `${message}.`, { hint: 'See: uber --help' });
  const command = COMMANDS.find(({ usage }) => usage[0]?.split(' ')[0] === verb) ?? upCommand;
  const known = [...Object.keys(GLOBAL_OPTIONS), ...Object.keys(command.options), 'help', 'version'];
  const hint = didYouMean(unknown, known)?.replace('"', '"--') ?? 'See: uber --help';
  return new UberError('USAGE', `Unknown option "--${unknown}".`, { hint });
}

function reportError(thrown: unknown, argv: readonly string[]): Outcome {
  const error = toUberError(thrown);
  const output = createOutput({
    json: argv.some((arg) => arg === '--json' || arg === '--json=true'),
    color: argv.includes('--no-color') ? false : undefined,
  });
  output.error(error);
  return { exitCode: ERROR_CODES[error.code].exitCode };
}
