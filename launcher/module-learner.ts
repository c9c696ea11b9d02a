// Asks the threads of a run what they have loaded, one after the other, so that the next start has it ready.
import type { ModuleStore } from './build/module-store.ts';
import type { Instance } from './supervisor/instance.ts';
import { within } from './within.ts';

/** How long a thread may take to answer, in milliseconds: it may be busy, or about to end. */
const ANSWER_MS = 5000;

/** One for a run. */
export class ModuleLearner {
  readonly #store: ModuleStore;
  #waiting: Instance[] = [];
  #isBusy = false;
  /** Resolves when the run stops: nobody answers any more. */
  readonly #over: Promise<null>;
  #end: () => void = () => undefined;

  constructor(store: ModuleStore) {
    this.#store = store;
    this.#over = new Promise((resolve) => {
      this.#end = () => resolve(null);
    });
  }

  /** An instance is ready: it is asked in its turn. */
  add(instance: Instance): void {
    this.#waiting.push(instance);
    if (!this.#isBusy) void this.#work();
  }

  /** The run stops: nobody is asked any more. */
  close(): void {
    this.#waiting = [];
    this.#end();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // A full disk, or a folder that cannot be written: it is slower the next time, and nothing else.
      await this.#learn(next).catch(() => undefined);
    }
    this.#isBusy = false;
  }

  async #learn({ spec, current }: Instance): Promise<void> {
    const answer = current?.loadedModules() ?? null;
    if (current === null || answer === null) return;
    const loaded = await this.#within(answer);
    if (loaded === null) return;
    await this.#store.learn(spec.name, loaded, (paths) => this.#within(current.moduleCodes(paths)));
  }

  #within<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
    return within(Promise.race([answer, this.#over]), ANSWER_MS);
  }
}
