// Standard output that never blocks main and never grows without bound: the one writer of stdout.
import { SonicBoom } from 'sonic-boom';
import type { FlowControl } from '../../logs/log-pump.ts';

/** How long an ordered end waits for a slow reader, in milliseconds. */
const FLUSH_MS = 1000;

/** Writes lines in order, in the background. */
export class Stdout {
  /** Calls back when the reader has gone away (`| head -1`). */
  onGone: () => void = () => undefined;
  readonly #stream = new SonicBoom({ fd: 1, sync: false, minLength: 0 });
  #isGone = false;
  #isCongested = false;
  #hasEnded = false;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#stream.on('error', () => {
      if (this.#isGone) return;
      this.#isGone = true;
      this.#release();
      this.onGone();
    });
    this.#stream.on('drain', () => this.#release());
  }

  write(text: string): void {
    if (this.#isGone || this.#hasEnded) return;
    if (!this.#stream.write(text)) this.#isCongested = true;
  }

  /** Holds the services' output back while the reader is slow. */
  readonly flow: FlowControl = {
    isCongested: () => this.#isCongested,
    onceFree: (callback) => void this.#waiting.push(callback),
  };

  /** Resolves when all is written, or the reader is gone or too slow. */
  async end(): Promise<void> {
    if (this.#isGone || this.#hasEnded) return;
    this.#hasEnded = true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS);
      const finish = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#stream.once('close', finish);
      this.#stream.once('error', finish);
      this.#stream.end();
    });
  }

  #release(): void {
    this.#isCongested = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}
