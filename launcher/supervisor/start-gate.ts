// How many services load at the same time. More than there are cores to load them are slower together than one after the
// other, and each of them seems to be stuck.

/**
 * Services that share a thread load one after the other in any case. So many may wait there, so that neither the thread
 * waits for main nor the last of them for longer than it may take to be ready.
 */
export const MOST_SHARED = 16;

/** One that wants to load. */
export interface Loader {
  readonly name: string;
  /** How long its event loop has been idle so far, in milliseconds; null where that cannot be seen. */
  readonly idleMs: () => number | null;
}

interface StartGateOptions {
  /** At most so many load at the same time. */
  readonly most: number;
  /** Who is more urgent loads first. */
  readonly urgency: ReadonlyMap<string, number>;
  readonly now: () => number;
}

/** Who has been idle for so long does not load but waits for something, for another service perhaps. */
const WAITS_MS = 15;
/** Where idleness cannot be seen, and for one that never rests, in milliseconds. */
const LONGEST_MS = 1000;
/** How often it is looked at those who load while others wait, in milliseconds. */
const LOOK_MS = 20;

interface Visit {
  readonly loader: Loader;
  readonly beganMs: number;
}

interface Waiting {
  readonly urgency: number;
  readonly enter: () => void;
}

/** Nobody waits for longer than it takes: who is not busy makes room, ready or not. */
export class StartGate {
  readonly #options: StartGateOptions;
  readonly #inside = new Set<Visit>();
  /** The most urgent last; of equals the one that came first. */
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  /** Loads when it is its turn. Fails as `load` does. */
  async pass<Result>(loader: Loader, load: () => Promise<Result>): Promise<Result> {
    const visit = await this.#turn(loader);
    try {
      return await load();
    } finally {
      this.#leave(visit);
    }
  }

  #turn(loader: Loader): Promise<Visit> {
    const urgency = this.#options.urgency.get(loader.name) ?? 0;
    return new Promise((resolve) => {
      const enter = (): void => {
        const visit = { loader, beganMs: this.#options.now() };
        this.#inside.add(visit);
        resolve(visit);
      };
      const place = this.#waiting.findIndex((other) => other.urgency >= urgency);
      this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, { urgency, enter });
      // Behind all that come in this very turn: the first to come need not be the most urgent.
      queueMicrotask(() => this.#admit());
    });
  }

  #admit(): void {
    while (this.#inside.size < this.#options.most) {
      const next = this.#waiting.pop();
      if (next === undefined) break;
      next.enter();
    }
    if (this.#waiting.length > 0) this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    else if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #leave(visit: Visit): void {
    if (this.#inside.delete(visit)) this.#admit();
  }

  #look(): void {
    const nowMs = this.#options.now();
    for (const visit of [...this.#inside]) {
      const isLong = nowMs - visit.beganMs >= LONGEST_MS;
      if (isLong || (visit.loader.idleMs() ?? 0) >= WAITS_MS) this.#leave(visit);
    }
  }
}
