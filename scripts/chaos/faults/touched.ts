// Who is touched by a fault or a command, and since when: everybody else must answer every request.
import { machineMs } from '../clock.ts';
import type { Noted } from '../load/messages.ts';

interface Period {
  readonly fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

/** After a service is ready again: answers that were under way come to their end, in milliseconds. */
const GRACE_MS = 300;

/** Keeps the periods in which services were touched, and lets steps wait for their turn. */
export class Touched {
  readonly #most: number;
  readonly #now = new Set<string>();
  readonly #periods = new Map<string, Period[]>();
  #waiting: (() => void)[] = [];

  /** @param most how many services may be touched at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Touches services as soon as none of them is touched and not too many others are. */
  async begin(services: readonly string[]): Promise<void> {
    while (services.some((name) => this.#now.has(name)) || this.#now.size + services.length > this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const fromMs = machineMs();
    for (const name of services) {
      this.#now.add(name);
      this.#periods.set(name, [
        ...(this.#periods.get(name) ?? []),
        { fromMs, toMs: Number.POSITIVE_INFINITY },
      ]);
    }
  }

  /** They are ready again. */
  end(services: readonly string[]): void {
    const toMs = machineMs() + GRACE_MS;
    for (const name of services) {
      this.#now.delete(name);
      const last = this.#periods.get(name)?.at(-1);
      if (last !== undefined) last.toMs = toMs;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when nobody is touched any more. */
  async none(): Promise<void> {
    while (this.#now.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** True when the service was touched at any time while the request was under way. */
  excuses({ service, sentMs, endedMs }: Noted): boolean {
    const periods = this.#periods.get(service) ?? [];
    return periods.some(({ fromMs, toMs }) => sentMs <= toMs && endedMs >= fromMs);
  }
}
