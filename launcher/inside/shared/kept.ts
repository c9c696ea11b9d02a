// A set of things that end by themselves: those that have ended are let go from time to time.

/** How many are taken in before the first look for those that have ended. */
const FIRST_LOOK = 64;

/** Costs nothing when a thing ends, and holds at most twice as many as there are. */
export class Kept<Thing extends object> {
  readonly #things = new Set<Thing>();
  readonly #isGone: (thing: Thing) => boolean;
  #lookAt = FIRST_LOOK;

  constructor(isGone: (thing: Thing) => boolean) {
    this.#isGone = isGone;
  }

  add(thing: Thing): void {
    this.#things.add(thing);
    if (this.#things.size < this.#lookAt) return;
    this.#lookAt = Math.max(FIRST_LOOK, 2 * this.live().length);
  }

  delete(thing: Thing): void {
    this.#things.delete(thing);
  }

  /** Those that have not ended. */
  live(): Thing[] {
    for (const thing of this.#things) if (this.#isGone(thing)) this.#things.delete(thing);
    return [...this.#things];
  }
}
