// The options of every verb that selects services of a project.
import type { Argv } from 'yargs';
import type { UberOptions } from '../options.ts';
import type { GlobalArgs } from './command.ts';

/** What these options parse to. */
export interface SelectionArgs extends GlobalArgs {
  readonly services: readonly string[];
  readonly deps: boolean;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly namespace: string | undefined;
}

/** Declares the options. */
export function selectionOptions(yargs: Argv): Argv {
  return yargs
    .positional('services', {
      describe: "Names, globs ('acc*'), @group, or !name to leave one out",
      type: 'string',
      array: true,
      default: [] as string[],
    })
    .option('deps', { describe: 'Start what the services depend on too', type: 'boolean', default: true })
    .option('env', {
      describe: 'Set KEY=value for all services, or foo.KEY=value for one',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
    })
    .option('env-file', {
      describe: 'Read variables for all services from a file',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
    })
    .option('namespace', { describe: 'Label that keeps runs apart', type: 'string', requiresArg: true });
}

/** As options of the library. */
export function toUberOptions(args: SelectionArgs): UberOptions {
  return {
    services: args.services,
    deps: args.deps,
    env: args.env,
    envFiles: args.envFile,
    namespace: args.namespace,
    config: args.config,
  };
}
