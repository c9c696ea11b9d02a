// One incarnation with all that follows it: its messages, its output, its event loop, its end.
import type { UberError } from '../errors.ts';
import type { ServiceLog } from '../logs/service-log.ts';
import type { Incarnation, Placement, StartRequest } from '../placement/placement.ts';
import type { ServiceSpec } from '../types.ts';
import { within } from '../within.ts';
import { type FailureContext, tooMuchMemory } from './failures.ts';
import { logFlood, stopIgnored } from './faults.ts';
import { LoopGuard, whyBlocked } from './loop-guard.ts';
import type { LoopWatch } from './loop-watch.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { StartWatch, type WatchOptions } from './start-watch.ts';

/** The parts of a start that differ between incarnations. */
export type Prepared = Pick<StartRequest, 'message' | 'env' | 'compile' | 'flow' | 'modules'>;

interface LifeOptions extends Omit<WatchOptions, 'whyBlocked' | 'lastLines'> {
  readonly spec: ServiceSpec;
  readonly prepared: Prepared;
  readonly placement: Placement;
  readonly log: ServiceLog;
  readonly loops: LoopWatch;
  readonly memories: MemoryWatch;
  readonly now: () => number;
  readonly context: () => FailureContext;
  /** It is to be ended, for this. */
  readonly onCondemned: (life: Life, error: UberError) => void;
  /** It has ended, for this; null when it had done what it was there for. */
  readonly onEnd: (life: Life, error: Error | null) => void;
}

/** How long it may take to end a thread or process, in milliseconds: one in native code cannot be interrupted. */
const TERMINATE_MS = 2000;

/** Begins when it is made. */
export class Life {
  readonly incarnation: Incarnation;
  readonly #options: LifeOptions;
  readonly #watch: StartWatch;
  readonly #guard: LoopGuard;
  readonly #exited: Promise<void>;
  #endMemoryWatch: () => void = () => undefined;
  /** Cuts the grace of a stop short. */
  hurry: () => void = () => undefined;

  /** Throws what the runtime throws that refuses to make it. */
  constructor(options: LifeOptions) {
    const { spec, prepared, placement, log, loops, memories, context, onFault } = options;
    this.#options = options;
    this.#watch = new StartWatch({
      ...options,
      lastLines: () => log.lastLines(),
      whyBlocked: () => whyBlocked(this.incarnation),
    });
    this.#guard = new LoopGuard(loops, {
      spec,
      context,
      onFault,
      end: (error) => this.#condemn(error),
    });
    let finish: () => void = () => undefined;
    this.#exited = new Promise<void>((resolve) => {
      finish = resolve;
    });
    try {
      this.incarnation = placement.start({
        ...prepared,
        heapMb: spec.heapMb,
        sharedThread: spec.sharedThread,
        events: {
          onMessage: (message) => this.#watch.take(message),
          onOutput: (stream, bytes) => log.write(stream, bytes),
          onFlood: (bytesPerSecond) => onFault(logFlood(context(), bytesPerSecond)),
          onExit: (exit) => {
            this.#guard.release();
            this.#endMemoryWatch();
            log.endIncarnation();
            options.onEnd(this, this.#watch.explainExit(exit));
            finish();
          },
        },
      });
    } catch (error) {
      this.#watch.dispose();
      throw error;
    }
    this.#guard.follow(this.incarnation);
    const life = this.incarnation;
    this.#endMemoryWatch = memories.watch({
      limitMb: spec.heapMb,
      idleMs: () => life.idleMs(),
      use: () => life.memory(),
      onFull: (use) => {
        this.#condemn(tooMuchMemory(context(), spec.heapMb, use, life.endThread !== undefined));
        life.endThread?.(`its heap was to be at most ${spec.heapMb} MB, and has grown beyond that`);
      },
    });
  }

  /** It is to be ended for a reason that it cannot tell itself. */
  #condemn(error: UberError): void {
    this.#watch.blame(error);
    this.#options.onCondemned(this, error);
  }

  /** Asks it to end and waits for the grace. Tells why when it is still there then. */
  async stop(graceMs: number): Promise<void> {
    const { now, context, onFault } = this.#options;
    const beganMs = now();
    this.incarnation.stop();
    const hurried = new Promise<null>((resolve) => {
      this.hurry = () => resolve(null);
    });
    const ended = this.#exited.then(() => true);
    if (await within(Promise.race([ended, hurried]), graceMs)) return;
    // Less than the grace when the whole run had no more time.
    const tookMs = Math.round(now() - beganMs);
    const error = await Promise.race([this.#exited, stopIgnored(context(), this.incarnation, tookMs)]);
    if (error !== undefined) onFault(error);
  }

  /** Ends it now. False when that is not possible. */
  async terminate(): Promise<boolean> {
    return (
      (await within(
        this.incarnation.terminate().then(() => true),
        TERMINATE_MS,
      )) ?? false
    );
  }
}
