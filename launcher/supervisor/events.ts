// What a run tells while it lives: facts, in the order they happened.
import { EventEmitter } from 'node:events';
import type { UberError } from '../errors.ts';
import type { InstanceState, LogLine, ReadyRow } from '../types.ts';

/** Every event of a run with what it carries. */
export interface RunEvents {
  /** An instance has changed its state. */
  state: {
    readonly service: string;
    readonly state: InstanceState;
    /** Number of the current or last incarnation; 0 before the first. */
    readonly incarnation: number;
  };
  /** A service has written a line. */
  log: LogLine;
  /** An instance is ready. */
  ready: ReadyRow;
  /** A ready service has opened one more port, or its first. */
  listening: ReadyRow;
  /** All are ready. */
  up: { readonly run: string; readonly bootMs: number; readonly services: readonly ReadyRow[] };
  /**
   * Something went wrong in a service, and it goes on or is started again: `restartInMs` tells when, null when it has
   * not ended.
   */
  fault: {
    readonly service: string;
    readonly error: UberError;
    readonly restartInMs: number | null;
  };
  /** A service could not start, or has ended by itself and is not started again. */
  failed: { readonly service: string | null; readonly error: UberError };
  /** A service that this one depends on has gone down (`isDegraded`) or is back. */
  degraded: { readonly service: string; readonly dependency: string; readonly isDegraded: boolean };
  /** An instance has ended as it should. */
  stopped: { readonly service: string };
  /** An earlier run had ended without stopping; what it had left is removed. `error` tells about it: `RUN_DIED`. */
  swept: {
    readonly run: string;
    readonly startedMs: number;
    readonly pid: number;
    /** How many of its processes were still there. */
    readonly processes: number;
    readonly isRemoved: boolean;
    readonly error: UberError;
  };
  /** Nothing of the run is left. */
  down: { readonly run: string };
}

/** A typed emitter: `on` returns the function that takes the listener off again. */
export class RunEmitter {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  on<Name extends keyof RunEvents>(name: Name, listener: (event: RunEvents[Name]) => void): () => void {
    this.#emitter.on(name, listener);
    return () => void this.#emitter.off(name, listener);
  }

  emit<Name extends keyof RunEvents>(name: Name, event: RunEvents[Name]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        listener(event);
      } catch (error) {
        // Its author's mistake, told as Node tells it, but not in the middle of our work.
        setImmediate(() => {
          throw error;
        });
      }
    }
  }
}
