// The command line: yargs, the table of verbs, and what happens to an error.
import yargs, { type Argv } from 'yargs';
import { ERROR_CODES, toUberError, UberError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Command, GlobalArgs } from './command.ts';
import { envCommand } from './commands/env.ts';
import { upCommand } from './commands/up.ts';
import { endProcess, type Outcome } from './outcome.ts';
import { createOutput } from './output/output.ts';
import { readVersion } from './version.ts';

const COMMANDS: readonly Command[] = [upCommand, envCommand];

/** Parses the arguments, runs the verb and ends the process as the contract says. Never throws. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  let outcome: Outcome = { exitCode: 0 };
  try {
    const parser = makeParser((result) => {
      outcome = result;
    });
    await parser.parseAsync([...argv]);
  } catch (error) {
    outcome = reportError(error, argv);
  }
  endProcess(outcome);
}

function makeParser(done: (outcome: Outcome) => void): Argv<GlobalArgs> {
  const parser = yargs()
    .scriptName('uber')
    .locale('en')
    .usage(
      'Run services in one process, each on its own thread, port and resource directory.\n\nUsage: $0 [verb] [services..]',
    )
    .option('json', { describe: 'One JSON object a line', type: 'boolean', default: false, global: true })
    .option('color', {
      describe: 'Colours; default: in a terminal (NO_COLOR and FORCE_COLOR hold)',
      type: 'boolean',
    })
    .option('config', {
      describe: 'Configuration file; default: uber.config.* here or above',
      type: 'string',
      requiresArg: true,
    })
    .parserConfiguration({ 'duplicate-arguments-array': true, 'populate--': true })
    .version(readVersion())
    .alias('help', 'h')
    .strictOptions()
    .exitProcess(false)
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue('Exit codes: 0 fine, 1 a service failed, 2 usage or configuration, 3 no live run, 4 timed out.')
    .fail((message, error, self) => {
      throw error ?? usageError(message, self);
    }) as unknown as Argv<GlobalArgs>;
  for (const command of COMMANDS) addCommand(parser, command, done);
  return parser;
}

function addCommand(parser: Argv<GlobalArgs>, command: Command, done: (outcome: Outcome) => void): void {
  parser.command(
    [...command.usage],
    command.summary,
    (self) => {
      for (const [line, what] of command.examples) self.example(line, what);
      return command.options(self);
    },
    async (args) => done(await command.run(args as unknown as GlobalArgs)),
  );
}

function usageError(message: string, parser: Argv): UberError {
  const unknown = /^Unknown arguments?: ([^,\s]+)/.exec(message)?.[1];
  const options = Object.keys(
    (parser as unknown as { getOptions(): { key: Record<string, unknown> } }).getOptions().key,
  );
  const flag =
    unknown === undefined || options.length === 0 ? null : didYouMean(unknown, options)?.replace('"', '"--');
  return new UberError('USAGE', unknown === undefined ? `${message}.` : `Unknown option "--${unknown}".`, {
    hint: flag ?? 'See: uber --help',
  });
}

function reportError(thrown: unknown, argv: readonly string[]): Outcome {
  const error = toUberError(thrown);
  const output = createOutput({
    json: argv.includes('--json'),
    color: argv.includes('--no-color') ? false : undefined,
  });
  output.error(error);
  return { exitCode: ERROR_CODES[error.code].exitCode };
}
