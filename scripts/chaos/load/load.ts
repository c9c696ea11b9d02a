// The load on the services of a run: a handle on the generator's process.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Leftovers } from '../../bench/leftovers.ts';
import { machineMs } from '../clock.ts';
import type { FromLoad, Noted, Target, ToLoad } from './messages.ts';

/** A constant load. Made by {@link startLoad}. */
export class Load {
  readonly #child: ChildProcess;
  readonly #onNoted: (noted: Noted) => void;
  readonly #beganMs = machineMs();
  readonly #waiting = new Set<() => void>();
  #answered = 0;
  #failed = 0;

  constructor(child: ChildProcess, onNoted: (noted: Noted) => void) {
    this.#child = child;
    this.#onNoted = onNoted;
    child.on('message', (message: FromLoad) => this.#take(message));
  }

  /** Requests answered with 200 so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Requests that were not answered with 200 so far. */
  get failed(): number {
    return this.#failed;
  }

  /** Resolves when so many more requests have ended, answered or not. */
  more(count: number): Promise<void> {
    const wanted = this.#answered + this.#failed + count;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#answered + this.#failed < wanted) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Requests answered with 200, a second. */
  get ratePerSecond(): number {
    return (this.#answered * 1000) / (machineMs() - this.#beganMs);
  }

  /** Resolves when nothing is under way and all connections are closed. */
  async pause(): Promise<void> {
    const paused = new Promise<void>((resolve) => {
      const look = (message: FromLoad): void => {
        if (message.type !== 'paused') return;
        this.#child.off('message', look);
        resolve();
      };
      this.#child.on('message', look);
    });
    this.send({ type: 'pause' });
    await paused;
  }

  send(message: ToLoad): void {
    this.#child.send(message);
  }

  /** Waits for the last answers, then ends the generator. */
  async stop(): Promise<void> {
    await this.pause();
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #take(message: FromLoad): void {
    if (message.type !== 'tick') return;
    for (const count of Object.values(message.answered)) this.#answered += count;
    for (const noted of message.noted) {
      if (noted.reason !== null) this.#failed += 1;
      this.#onNoted(noted);
    }
    for (const look of [...this.#waiting]) look();
  }
}

interface LoadOptions {
  readonly leftovers: Leftovers;
  readonly targets: readonly Target[];
  /** Requests a second to each. */
  readonly ratePerSecond: number;
  /** Called with each request that failed or was slow. */
  readonly onNoted: (noted: Noted) => void;
}

/** Starts a generator in a process of its own, so that it does not disturb what is measured. */
export function startLoad({ leftovers, targets, ratePerSecond, onNoted }: LoadOptions): Load {
  const child = leftovers.child(fork(join(import.meta.dirname, 'program.ts'), { execArgv: [] }));
  const load = new Load(child, onNoted);
  load.send({ type: 'begin', targets, ratePerSecond });
  return load;
}
