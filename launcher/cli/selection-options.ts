// The options of every verb that selects services of a project.
import type { Options } from 'yargs';
import { PLACEMENT_NAMES } from '../names.ts';
import type { UberOptions } from '../options.ts';
import type { PlacementChoice } from '../types.ts';
import type { GlobalArgs } from './command.ts';

/** What these options parse to. */
export interface SelectionArgs extends GlobalArgs {
  readonly services: readonly string[];
  readonly deps: boolean;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly namespace: string | undefined;
  readonly isolation: PlacementChoice | undefined;
}

/** As yargs declares them. */
export const SELECTION_OPTIONS: Readonly<Record<string, Options>> = {
  deps: {
    describe: 'Start what the services depend on too; --no-deps leaves them out',
    type: 'boolean',
    default: true,
  },
  env: {
    describe: 'Set KEY=value for all services, or foo.KEY=value for one',
    type: 'string',
    array: true,
    nargs: 1,
    default: [],
  },
  'env-file': {
    describe: 'Read variables for all services from a file',
    type: 'string',
    array: true,
    nargs: 1,
    default: [],
  },
  namespace: {
    describe: 'Label of the run, which services see as UBER_NAMESPACE',
    type: 'string',
    requiresArg: true,
  },
  isolation: {
    describe: 'Where all services live, whatever the configuration says of each',
    choices: PLACEMENT_NAMES,
    requiresArg: true,
  },
};

/** As options of the library. */
export function toUberOptions(args: SelectionArgs): UberOptions {
  return {
    services: args.services,
    deps: args.deps,
    env: args.env,
    envFiles: args.envFile,
    namespace: args.namespace,
    isolation: args.isolation,
    config: args.config,
  };
}
