// A verb of the command line: its words under commands/, all of them in one table; what it does under verbs/.
import type { Options } from 'yargs';
import type { Outcome } from './outcome.ts';

/** Options every verb has. */
export interface GlobalArgs {
  readonly json: boolean;
  /** Undefined: as the terminal and NO_COLOR / FORCE_COLOR say. */
  readonly color: boolean | undefined;
  readonly config: string | undefined;
}

/** What a verb does; `Args` is what its options parse to. */
interface Verb<Args extends GlobalArgs> {
  readonly run: (args: Args) => Promise<Outcome>;
}

/** The words of one verb. */
interface CommandOf<Args extends GlobalArgs> {
  /** In the form of yargs: name and positionals. The one called `$0` too runs when no verb is given. */
  readonly usage: readonly string[];
  readonly summary: string;
  /** Command and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Name -> what yargs needs to know of it. */
  readonly options: Readonly<Record<string, Options>>;
  /** Loads what it does: no verb pays for the others, and the help for none. */
  readonly load: () => Promise<Verb<Args>>;
}

/** A verb, whatever its options are. */
export type Command = CommandOf<GlobalArgs>;

/** Declares a verb. yargs parses as the options say, which no type can follow: this is the one place that trusts it. */
export function defineCommand<Args extends GlobalArgs>(command: CommandOf<Args>): Command {
  return command as unknown as Command;
}
