// What a scenario of the benchmark is: one entry of the table in main.ts.
import type { Leftovers } from './leftovers.ts';

/** What the services of a benchmark are written in. */
export const FLAVOURS = ['js', 'ts'] as const;

export type Flavour = (typeof FLAVOURS)[number];

/** What the command line asks for. */
export interface BenchOptions {
  /** Numbers of services, each measured by itself. */
  readonly services: readonly number[];
  /** Measured rounds of each launcher; warm-up rounds come on top. */
  readonly rounds: number;
  readonly flavour: Flavour;
  /** How long each measurement of throughput takes. */
  readonly seconds: number;
}

/** What main lends a scenario. */
export interface BenchTools {
  /** Takes every child and every temporary folder, and removes them in every ending. */
  readonly leftovers: Leftovers;
  /** Tells a person who waits how far it is; not part of the result. */
  readonly progress: (text: string) => void;
}

/** A result, for people and for programs. */
export interface ScenarioReport {
  readonly text: string;
  /** Survives JSON; a figure that this system cannot give is null. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Scenario {
  /** One line for `--help`. */
  readonly summary: string;
  /**
   * Measures.
   * @throws Error when what was measured did not behave: a figure of a broken run is worth nothing
   */
  run(options: BenchOptions, tools: BenchTools): Promise<ScenarioReport>;
}
