// Counts what went wrong in a run.
import type { ErrorCode, UberError } from '../errors.ts';
import type { FaultCounts } from '../snapshot.ts';
import type { RunEmitter } from './events.ts';

/** What went wrong in each service, from the moment it is made. */
export class FaultTally {
  readonly #counts = new Map<string, Partial<Record<ErrorCode, number>>>();
  readonly #last = new Map<string, UberError>();

  constructor(emitter: RunEmitter) {
    emitter.on('fault', ({ service, error }) => this.#count(service, error));
    emitter.on('failed', ({ service, error }) => service !== null && this.#count(service, error));
  }

  counts(service: string): FaultCounts {
    return { ...this.#counts.get(service) };
  }

  /** What went wrong last, or null. */
  last(service: string): UberError | null {
    return this.#last.get(service) ?? null;
  }

  #count(service: string, error: UberError): void {
    const counts = this.#counts.get(service) ?? {};
    counts[error.code] = (counts[error.code] ?? 0) + 1;
    this.#counts.set(service, counts);
    this.#last.set(service, error);
  }
}
