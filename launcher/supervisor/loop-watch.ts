// Sees from outside which event loops do not turn. A thread that was idle meanwhile has turned: that is read without
// disturbing it. Others are asked for a sign of life.
import { isDebugged } from '../placement/thread-stack.ts';

/** The event loop of one incarnation. */
interface Loop {
  /** How long it has been idle so far, in milliseconds; null where that cannot be seen. */
  readonly idleMs: () => number | null;
  /** True while it may have to wait for us. */
  readonly isHeldBack: () => boolean;
  readonly ping: () => Promise<unknown>;
  /** True until it is ready: to load modules takes long and is no fault, so it has more time and is not ended. */
  readonly isStarting: () => boolean;
  /** How long it may be blocked at all, in milliseconds; null for ever. */
  readonly mostMs: number | null;
  /** It does not turn. Called once a block. */
  readonly onBlocked: (blockedMs: number) => void;
  /** It has not turned for `mostMs`. Called once a block. */
  readonly onTooLong: (blockedMs: number) => void;
}

/** What is known of one loop between two looks. */
export interface LoopState {
  /** Idle time at the last look; -1 before the first. */
  readonly idleMs: number;
  /** Time since its last sign of life, as far as we were awake ourselves. */
  readonly silentMs: number;
  /** Part of that since it was asked; null when it was not. */
  readonly askedMs: number | null;
  readonly isBlocked: boolean;
  readonly isTooLong: boolean;
}

/** What a look sees. */
export interface Look {
  readonly idleMs: number | null;
  /** Since the last look, in milliseconds. */
  readonly elapsedMs: number;
  /** True when its silence proves nothing: it waits for us, or a debugger has it. */
  readonly isExcused: boolean;
  readonly isStarting: boolean;
  readonly mostMs: number | null;
}

/** What is to be done after a look. */
export type LoopStep = 'ask' | 'blocked' | 'too-long' | null;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 250;
/** After this time without an answer it counts as blocked, in milliseconds. */
const BLOCKED_MS = 1000;
/** The same while it starts. */
const BLOCKED_AT_START_MS = 5000;
/** Pause between two questions to a loop whose idle time cannot be seen, in milliseconds. */
const ASK_MS = 1000;

/** A loop that has just given a sign of life. */
export const ALIVE: LoopState = {
  idleMs: -1,
  silentMs: 0,
  askedMs: null,
  isBlocked: false,
  isTooLong: false,
};

/** Decides about one loop. */
export function judgeLoop(state: LoopState, look: Look): { state: LoopState; step: LoopStep } {
  const { idleMs, isExcused, isStarting, mostMs } = look;
  if (isExcused) return { state: { ...ALIVE, idleMs: idleMs ?? -1 }, step: null };
  if (idleMs !== null && idleMs > state.idleMs) return { state: { ...ALIVE, idleMs }, step: null };
  // When we come late ourselves (a laptop that has slept), that says nothing about the service.
  const elapsedMs = Math.min(look.elapsedMs, 2 * LOOK_MS);
  const silentMs = state.silentMs + elapsedMs;
  if (state.askedMs === null) {
    const isAsked = idleMs !== null || silentMs >= ASK_MS;
    return { state: { ...state, silentMs, askedMs: isAsked ? 0 : null }, step: isAsked ? 'ask' : null };
  }
  const askedMs = state.askedMs + elapsedMs;
  const next = { ...state, silentMs, askedMs };
  const limitMs = isStarting ? BLOCKED_AT_START_MS : Math.min(BLOCKED_MS, mostMs ?? BLOCKED_MS);
  if (!state.isBlocked && askedMs >= limitMs) return { state: { ...next, isBlocked: true }, step: 'blocked' };
  const isTooLong = state.isBlocked && !state.isTooLong && !isStarting && silentMs >= (mostMs ?? Infinity);
  return isTooLong ? { state: { ...next, isTooLong }, step: 'too-long' } : { state: next, step: null };
}

interface LoopWatchOptions {
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Calls back again and again; returns what ends that. */
  readonly every: (ms: number, callback: () => void) => () => void;
  readonly isDebugged: () => boolean;
}

const REAL: LoopWatchOptions = {
  now: () => performance.now(),
  every: (ms, callback) => {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
  isDebugged,
};

/** Looks after all loops of a run with one timer, which runs only while there are any. */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #states = new Map<Loop, LoopState>();
  #stopLooking: (() => void) | null = null;
  #lastMs = 0;

  constructor(options: LoopWatchOptions = REAL) {
    this.#options = options;
  }

  /** Looks after a loop from now on. Returns what ends that. */
  watch(loop: Loop): () => void {
    this.#states.set(loop, ALIVE);
    if (this.#stopLooking === null) {
      this.#lastMs = this.#options.now();
      this.#stopLooking = this.#options.every(LOOK_MS, () => this.#lookAtAll());
    }
    return () => {
      this.#states.delete(loop);
      if (this.#states.size > 0) return;
      this.#stopLooking?.();
      this.#stopLooking = null;
    };
  }

  #lookAtAll(): void {
    const now = this.#options.now();
    const elapsedMs = now - this.#lastMs;
    this.#lastMs = now;
    const isExcused = this.#options.isDebugged();
    for (const [loop, state] of [...this.#states]) {
      const { state: next, step } = judgeLoop(state, {
        idleMs: loop.idleMs(),
        elapsedMs,
        isExcused: isExcused || loop.isHeldBack(),
        isStarting: loop.isStarting(),
        mostMs: loop.mostMs,
      });
      this.#states.set(loop, next);
      if (step === 'ask') void this.#ask(loop);
      else if (step === 'blocked') loop.onBlocked(next.silentMs);
      else if (step === 'too-long') loop.onTooLong(next.silentMs);
    }
  }

  async #ask(loop: Loop): Promise<void> {
    await loop.ping();
    const state = this.#states.get(loop);
    if (state !== undefined) this.#states.set(loop, { ...ALIVE, idleMs: state.idleMs });
  }
}
