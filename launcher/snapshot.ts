// A run as it is now: plain data, for the library and for who asks a live run.
import type { ErrorCode } from './errors.ts';
import type { InstanceState, PlacementName, ReadyRow } from './types.ts';

/** Code -> how often it happened. */
export type FaultCounts = Readonly<Partial<Record<ErrorCode, number>>>;

/** One instance as it is now. */
export interface InstanceSnapshot {
  readonly service: string;
  readonly state: InstanceState;
  /** When it got into this state, in milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly placement: PlacementName;
  /** Number of the current or last incarnation; 0 before the first. */
  readonly incarnation: number;
  /** Null while it is not ready. */
  readonly ready: ReadyRow | null;
  /** Services it depends on that are down. */
  readonly missing: readonly string[];
  /** What went wrong in it so far: code -> how often. */
  readonly faults: FaultCounts;
  /** What went wrong last, or null. */
  readonly lastFault: string | null;
}

/** A run as it is now: plain data. */
export interface RunSnapshot {
  readonly run: string;
  readonly namespace: string;
  readonly root: string;
  /** Process of the launcher. */
  readonly pid: number;
  /** When it was made, in milliseconds since the epoch. */
  readonly startedMs: number;
  readonly services: readonly InstanceSnapshot[];
}
