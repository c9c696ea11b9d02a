// What a scenario of the chaos runs is: one entry of the table in main.ts.
import type { PlacementName } from '../../launcher/types.ts';
import type { Leftovers } from '../bench/leftovers.ts';

/** What the command line asks for. */
export interface ChaosOptions {
  /** Decides the sequence of all actions. */
  readonly seed: number;
  /** How long faults are injected, in minutes. */
  readonly minutes: number;
  readonly services: number;
  /** Where the service lives that is restarted, or has the fault. */
  readonly placement: PlacementName;
  /** How many restarts. */
  readonly count: number;
}

/** What main lends a scenario. */
export interface ChaosTools {
  readonly leftovers: Leftovers;
  /** Tells a person who waits how far it is; not part of the result. */
  readonly progress: (text: string) => void;
}

/** A result, for people and for programs. */
export interface ChaosReport {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What must hold and did not, one sentence each; none when all is well. */
  readonly broken: readonly string[];
}

export interface ChaosScenario {
  /** One line for `--help`. */
  readonly summary: string;
  run(options: ChaosOptions, tools: ChaosTools): Promise<ChaosReport>;
}
