// A verb of the command line: one file each under commands/, all of them in one table.
import type { Options } from 'yargs';
import type { Outcome } from './outcome.ts';

/** Options every verb has. */
export interface GlobalArgs {
  readonly json: boolean;
  /** Undefined: as the terminal and NO_COLOR / FORCE_COLOR say. */
  readonly color: boolean | undefined;
  readonly config: string | undefined;
}

/** One verb; `Args` is what its options parse to. */
interface CommandOf<Args extends GlobalArgs> {
  /** In the form of yargs: name and positionals. The one called `$0` too runs when no verb is given. */
  readonly usage: readonly string[];
  readonly summary: string;
  /** Command and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Name -> what yargs needs to know of it. */
  readonly options: Readonly<Record<string, Options>>;
  readonly run: (args: Args) => Promise<Outcome>;
}

/** A verb, whatever its options are. */
export type Command = CommandOf<GlobalArgs>;

/** Declares a verb. yargs parses as the options say, which no type can follow: this is the one place that trusts it. */
export function defineCommand<Args extends GlobalArgs>(command: CommandOf<Args>): Command {
  return command as unknown as Command;
}
