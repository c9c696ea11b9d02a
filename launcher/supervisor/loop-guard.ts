// Looks after the event loop of one incarnation: tells of a block with the place of it, and ends one that blocks too long.
import type { UberError } from '../errors.ts';
import type { Incarnation, Sighting } from '../placement/placement.ts';
import { isDebugged } from '../placement/thread-stack.ts';
import type { ServiceSpec } from '../types.ts';
import { within } from '../within.ts';
import type { FailureContext } from './failures.ts';
import { blocked, blockedTooLong } from './faults.ts';
import type { LoopWatch } from './loop-watch.ts';

interface LoopGuardOptions {
  readonly spec: ServiceSpec;
  readonly context: () => FailureContext;
  /** It blocks, and is left alone for now. */
  readonly onFault: (error: UberError) => void;
  /** It is to be ended for this. */
  readonly end: (error: UberError) => void;
}

/** How long a service may take to answer when it is asked whether it is blocked, in milliseconds. */
const ANSWER_MS = 1000;

/** From the beginning of an incarnation to its end. */
export class LoopGuard {
  readonly #loops: LoopWatch;
  readonly #options: LoopGuardOptions;
  #release: () => void = () => undefined;
  #isOver = false;

  constructor(loops: LoopWatch, options: LoopGuardOptions) {
    this.#loops = loops;
    this.#options = options;
  }

  follow(incarnation: Incarnation): void {
    const { spec, context } = this.#options;
    this.#release = this.#loops.watch({
      idleMs: () => incarnation.idleMs(),
      isHeldBack: () => incarnation.isHeldBack(),
      ping: () => incarnation.ping(false),
      isStarting: () => context().isStarting,
      mostMs: spec.blockedMs,
      onBlocked: (blockedMs) => void this.#tell(incarnation, blockedMs),
      onTooLong: (blockedMs) => void this.#endIt(incarnation, blockedMs),
    });
  }

  /** The incarnation has ended. */
  release(): void {
    this.#isOver = true;
    this.#release();
  }

  async #tell(incarnation: Incarnation, blockedMs: number): Promise<void> {
    const sighting = await incarnation.lookInside();
    if (this.#isOver || isOfAnother(sighting)) return;
    this.#options.onFault(blocked(this.#options.context(), blockedMs, sighting));
  }

  async #endIt(incarnation: Incarnation, blockedMs: number): Promise<void> {
    const sighting = await incarnation.lookInside();
    if (this.#isOver || isOfAnother(sighting)) return;
    this.#options.end(blockedTooLong(this.#options.context(), blockedMs, sighting));
  }
}

/** A thread that several share is blocked once: it is told of the one whose code it is. */
function isOfAnother(sighting: Sighting): boolean {
  return sighting.stack === null && sighting.hiddenBy === 'other';
}

/** Asks a service whether its event loop turns, and looks where it is when it does not answer. */
export async function whyBlocked(incarnation: Incarnation): Promise<Sighting | null> {
  if (isDebugged()) return null;
  const sign = await within(incarnation.ping(false), ANSWER_MS);
  return sign === null ? incarnation.lookInside() : null;
}
