// What a scenario of the benchmark is: one entry of the table in scenario-table.ts.
import type { Leftovers } from './leftovers.ts';
import type { Flavour } from './project/flavours.ts';
import type { Figures } from './report/figures.ts';
import type { SideName, SideShelf } from './sides/side-table.ts';

/** What the command line asks for; null leaves the choice to the scenario. */
export interface BenchOptions {
  /** Numbers of services, each measured by itself. */
  readonly services: readonly number[] | null;
  /** Measured rounds of each side; a warm-up round comes on top. */
  readonly rounds: number | null;
  readonly flavours: readonly Flavour[] | null;
  /** How long each measurement of throughput and of neighbours takes. */
  readonly seconds: number;
  /** What may be compared. */
  readonly sides: readonly SideName[];
}

/** What main lends a scenario. */
export interface BenchTools {
  /** Takes every child and every temporary folder, and removes them in every ending. */
  readonly leftovers: Leftovers;
  /** Tells a person who waits how far it is; not part of the result. */
  readonly progress: (text: string) => void;
  /** Takes every figure. */
  readonly figures: Figures;
  /** Tells that something could not be compared, with the reason: no failure. */
  readonly skip: (who: string, reason: string) => void;
  /** Tells that something did not do what it had to. */
  readonly fail: (who: string, reason: string) => void;
}

export interface Scenario {
  /** One line for `--help`. */
  readonly summary: string;
  /** Headline of its part of the page. */
  readonly title: string;
  /** The side that others are compared with. */
  readonly reference: string;
  /** What the figures mean, below its tables. */
  readonly explanation: readonly string[];
  /** Measures: figures go to the tools. */
  readonly run: (options: BenchOptions, tools: BenchTools, shelf: SideShelf) => Promise<void>;
  /** Lines that follow from the figures and are not in the tables. */
  readonly conclusions?: (figures: Figures) => readonly string[];
}

/** The sides of a scenario that the command line has not left out, in the order of the scenario. */
export function chosen<Name extends SideName>(options: BenchOptions, names: readonly Name[]): Name[] {
  return names.filter((name) => options.sides.includes(name));
}
