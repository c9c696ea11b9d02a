// The options of every verb that asks live runs.
import type { Options } from 'yargs';
import type { GlobalArgs } from './command.ts';

/** What these options parse to. */
export interface RunArgs extends GlobalArgs {
  readonly run: string | undefined;
  readonly namespace: string | undefined;
}

/** As yargs declares them. */
export const RUN_OPTIONS: Readonly<Record<string, Options>> = {
  run: { describe: 'Id of a live run, or how it begins', type: 'string', requiresArg: true },
  namespace: { describe: 'The live runs of a namespace', type: 'string', requiresArg: true },
};
