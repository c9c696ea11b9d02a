// Sees from outside which threads use more memory than they may, before they come to V8's own limit: one that gets
// there with a large allocation ends the whole process.
import type { MemoryUse } from '../placement/placement.ts';

const BYTES_PER_MB = 1024 * 1024;

/** The memory of one incarnation. */
interface Memory {
  readonly limitMb: number;
  /** How long its event loop has been idle so far, in milliseconds: one that is idle cannot grow. */
  readonly idleMs: () => number | null;
  /** Null when it does not tell. */
  readonly use: () => Promise<MemoryUse | null>;
  /** It uses more than it may. Called once. */
  readonly onFull: (use: MemoryUse) => void;
}

/** Between two looks V8 may not have come to free what nobody needs: so much more may be there, in megabytes. */
const MARGIN_MB = 64;

/**
 * True when what is used must be more than it may. What is used holds garbage as well: V8 collects when the heap is
 * halfway between what was left by the last collection and its own limit (src/heap/heap-controller.cc,
 * BoundAllocationLimit). So a use beyond that point means that more than the limit is really needed.
 */
export function usesTooMuch({ heapBytes, externalBytes, limitBytes }: MemoryUse, limitMb: number): boolean {
  const halfwayMb = (limitMb + limitBytes / BYTES_PER_MB) / 2;
  return (heapBytes + externalBytes) / BYTES_PER_MB > halfwayMb + MARGIN_MB;
}

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 250;
/** One that was busy for less than this since the last look is not asked, in milliseconds. */
const BUSY_MS = 25;

interface State {
  idleMs: number;
  sinceMs: number;
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
    this.#states.set(memory, { idleMs: 0, sinceMs: this.#now(), isAsked: false });
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
      if (busyMs < BUSY_MS) continue;
      Object.assign(state, { idleMs, sinceMs: nowMs, isAsked: true });
      void this.#look(memory).finally(() => {
        state.isAsked = false;
      });
    }
  }

  async #look(memory: Memory): Promise<void> {
    const use = await memory.use();
    // It may have ended meanwhile.
    if (use === null || !this.#states.has(memory)) return;
    if (!usesTooMuch(use, memory.limitMb)) return;
    this.#states.delete(memory);
    memory.onFull(use);
  }
}
