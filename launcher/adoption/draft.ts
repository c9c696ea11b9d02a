// A candidate that has its final name, and what its sources say: plain data.
import type { NetworkFacts } from '../build/network-facts.ts';
import type { Candidate } from './candidate.ts';

/** A service to be written. */
export interface Draft {
  readonly name: string;
  readonly candidate: Candidate;
  /** Null for an installed program, and for sources that do not compile. */
  readonly facts: NetworkFacts | null;
  /** Ports of this machine others may reach it on. */
  readonly ports: readonly number[];
}
