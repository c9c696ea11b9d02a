// Asks the threads of a run what they have loaded, one after the other, so that the next start has it ready.
import type { ModuleStore } from './build/module-store.ts';
import type { Instance } from './supervisor/instance.ts';
import { within } from './within.ts';

/** By then a service has answered its first calls, and V8 has compiled what they need. In milliseconds. */
const SETTLED_MS = 1000;
/** How long a thread may take to answer, in milliseconds: it may be busy, or about to end. */
const ANSWER_MS = 5000;
/** How long a stop may wait for what was not asked yet, in milliseconds. */
const LAST_MS = 2000;

/** One for a run. */
export class ModuleLearner {
  readonly #store: ModuleStore;
  readonly #waiting = new Map<Instance, NodeJS.Timeout>();
  /** One after the other: a hundred services are not to be slow together. */
  #tail: Promise<void> = Promise.resolve();
  /** Resolves when the run stops and its time is over: nobody answers any more. */
  readonly #over: Promise<null>;
  #end: () => void = () => undefined;

  constructor(store: ModuleStore) {
    this.#store = store;
    this.#over = new Promise((resolve) => {
      this.#end = () => resolve(null);
    });
  }

  /** An instance is ready: it is asked in a while, in its turn. */
  add(instance: Instance): void {
    clearTimeout(this.#waiting.get(instance));
    const timer = setTimeout(() => this.#queue(instance), SETTLED_MS).unref();
    this.#waiting.set(instance, timer);
  }

  /** The run stops. Asks those that are left, as long as they still can answer. */
  async close(): Promise<void> {
    const left = [...this.#waiting.keys()];
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    // One after the other as well: what the first one tells, the others need not.
    for (const instance of left) this.#tail = this.#tail.then(() => this.#learn(instance));
    await within(this.#tail, LAST_MS);
    this.#end();
  }

  #queue(instance: Instance): void {
    this.#tail = this.#tail.then(() => (this.#waiting.delete(instance) ? this.#learn(instance) : undefined));
  }

  async #learn({ spec, current }: Instance): Promise<void> {
    const answer = current?.loadedModules() ?? null;
    if (current === null || answer === null) return;
    const loaded = await this.#within(answer);
    if (loaded === null) return;
    await this.#store
      .learn(spec.name, loaded, (paths) => this.#within(current.moduleCodes(paths)))
      // A full disk, or a folder that cannot be written: it is slower the next time, and nothing else.
      .catch(() => undefined);
  }

  #within<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
    return within(Promise.race([answer, this.#over]), ANSWER_MS);
  }
}
