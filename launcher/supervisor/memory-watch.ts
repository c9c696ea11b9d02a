// Sees from outside which threads use more memory than they may. V8 has a limit of its own, but a thread that reaches
// that one with a large allocation ends the whole process: Node has only 16 MB to spare there (src/node_worker.cc,
// NearHeapLimit). So we look before, and V8's limit is far above ours.
import type { MemoryUse } from '../placement/placement.ts';

const BYTES_PER_MB = 1024 * 1024;

/** The memory of one incarnation. */
interface Memory {
  readonly limitMb: number;
  /** How long its event loop has been idle so far, in milliseconds: one that is idle cannot grow. */
  readonly idleMs: () => number | null;
  /** Null when it does not tell. */
  readonly use: () => Promise<MemoryUse | null>;
  /** Frees what nobody needs any more. */
  readonly collect: () => Promise<unknown>;
  /** It uses more than it may. Called once. */
  readonly onFull: (use: MemoryUse) => void;
}

/** What is to be done about a use. */
export type MemoryStep =
  | 'leave' // it may use that much
  | 'collect' // some of it may be garbage
  | 'end'; // it is too much

/** So far above the limit there is no time to collect garbage, in megabytes. */
const FAR_ABOVE_MB = 1024;

/** Decides about one use. `looks` counts those in a row that were above the limit, this one included. */
export function judgeMemory(
  { heapBytes, externalBytes }: MemoryUse,
  limitMb: number,
  looks: number,
): MemoryStep {
  const aboveMb = (heapBytes + externalBytes) / BYTES_PER_MB - limitMb;
  if (aboveMb <= 0) return 'leave';
  // What a collection sets free outside of the heap is gone a moment later: it is looked at twice.
  return aboveMb > FAR_ABOVE_MB || looks > 2 ? 'end' : 'collect';
}

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 250;
/** One that was busy for less than this since the last look is not asked, in milliseconds. */
const BUSY_MS = 25;

interface State {
  idleMs: number;
  sinceMs: number;
  looks: number;
  isAsked: boolean;
}

/** Looks after all threads of a run with one timer, which runs only while there are any. */
export class MemoryWatch {
  readonly #now: () => number;
  readonly #states = new Map<Memory, State>();
  #timer: NodeJS.Timeout | null = null;

  /** @param now a clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Looks after a thread from now on. Returns what ends that. */
  watch(memory: Memory): () => void {
    this.#states.set(memory, { idleMs: 0, sinceMs: this.#now(), looks: 0, isAsked: false });
    this.#timer ??= setInterval(() => this.#lookAtAll(), LOOK_MS).unref();
    return () => {
      this.#states.delete(memory);
      if (this.#states.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #lookAtAll(): void {
    const nowMs = this.#now();
    for (const [memory, state] of this.#states) {
      const idleMs = memory.idleMs();
      if (state.isAsked || idleMs === null) continue;
      const busyMs = nowMs - state.sinceMs - (idleMs - state.idleMs);
      if (busyMs < BUSY_MS && state.looks === 0) continue;
      Object.assign(state, { idleMs, sinceMs: nowMs, isAsked: true });
      void this.#look(memory, state).finally(() => {
        state.isAsked = false;
      });
    }
  }

  async #look(memory: Memory, state: State): Promise<void> {
    const use = await memory.use();
    if (use === null || !this.#states.has(memory)) return;
    const step = judgeMemory(use, memory.limitMb, state.looks + 1);
    state.looks = step === 'leave' ? 0 : state.looks + 1;
    if (step === 'collect') await memory.collect();
    if (step !== 'end') return;
    this.#states.delete(memory);
    memory.onFull(use);
  }
}
