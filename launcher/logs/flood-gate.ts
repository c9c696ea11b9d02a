// How much one service may write, so that its flood does not keep main from the others. Decides only: whoever reads its
// output does the waiting.

/** Who writes more than this for {@link FLOOD_MS} is slowed down, in bytes a second. */
const FLOOD_BYTES = 8 * 1024 * 1024;
/** For how long a burst is taken as it comes, in milliseconds. */
const FLOOD_MS = 2000;
/** What is taken from one that is slowed down, in bytes a second. */
const SLOW_BYTES = 4 * 1024 * 1024;
/** How much is taken at a time from one that is slowed down, in milliseconds of its budget. */
const PORTION_MS = 50;

/** The byte budget of one incarnation. */
export class FloodGate {
  readonly #now: () => number;
  readonly #onFlood: (bytesPerSecond: number) => void;
  #windowBeganMs: number;
  #lastMs = 0;
  #bytes = 0;
  #isSlowed = false;
  #hasTold = false;
  /** What was taken in advance of the budget, in milliseconds of it; until when it is used up. */
  #paidUntilMs = 0;

  /**
   * @param now a clock in milliseconds
   * @param onFlood called once, when it is slowed down for the first time, with what it had written a second
   */
  constructor(now: () => number, onFlood: (bytesPerSecond: number) => void) {
    this.#now = now;
    this.#onFlood = onFlood;
    this.#windowBeganMs = now();
  }

  /** True while what it writes is taken slowly: then it waits for us more often than not. */
  get isSlowing(): boolean {
    return this.#isSlowed && this.#now() - this.#lastMs < FLOOD_MS;
  }

  /** Takes note of bytes that were read. Returns how long to wait before reading more, in milliseconds; mostly 0. */
  took(bytes: number): number {
    const now = this.#now();
    if (bytes > 0) this.#lastMs = now;
    this.#bytes += bytes;
    const sinceMs = now - this.#windowBeganMs;
    if (sinceMs >= FLOOD_MS) this.#judge(now, sinceMs);
    if (!this.#isSlowed) return 0;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now) + (bytes / SLOW_BYTES) * 1000;
    const waitMs = Math.ceil(this.#paidUntilMs - now);
    return waitMs < PORTION_MS ? 0 : waitMs;
  }

  #judge(now: number, sinceMs: number): void {
    const bytesPerSecond = (this.#bytes * 1000) / sinceMs;
    // One that is slowed down reaches its budget only when it would write more: half of it is a service at peace again.
    this.#isSlowed = bytesPerSecond > (this.#isSlowed ? SLOW_BYTES / 2 : FLOOD_BYTES);
    this.#windowBeganMs = now;
    this.#bytes = 0;
    if (!this.#isSlowed || this.#hasTold) return;
    this.#hasTold = true;
    this.#onFlood(bytesPerSecond);
  }
}
