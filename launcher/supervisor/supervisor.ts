// Starts, stops and restarts the instances of one run in the order their dependencies ask for.
import { toUberError, UberError } from '../errors.ts';
import type { ReadyRow } from '../types.ts';
import type { RunEmitter } from './events.ts';
import type { Instance } from './instance.ts';

interface SupervisorOptions {
  /** In start order. */
  readonly instances: readonly Instance[];
  readonly emitter: RunEmitter;
  /** True when what an instance was told at its start no longer holds: a port of another service has changed since. */
  readonly isOutdated: (service: string) => boolean;
}

/** How often services are started again because ports moved while they started. */
const MOST_REPAIRS = 3;

/** Owns the order; each instance owns its state. */
export class Supervisor {
  readonly #byName: ReadonlyMap<string, Instance>;
  readonly #options: SupervisorOptions;
  readonly #queues = new Map<string, Promise<unknown>>();
  #stopping: Promise<void> | null = null;
  #failure: UberError | null = null;
  #isStarting = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#byName = new Map(options.instances.map((instance) => [instance.spec.name, instance]));
  }

  /**
   * Starts all, each as soon as its dependencies are ready.
   * @throws UberError the first failure; by then everything is stopped
   */
  async start(): Promise<readonly ReadyRow[]> {
    const started = new Map<string, Promise<ReadyRow>>();
    for (const instance of this.#byName.values()) {
      const dependencies = instance.spec.dependsOn.flatMap((name) => started.get(name) ?? []);
      started.set(instance.spec.name, this.#startAfter(instance, dependencies));
    }
    await Promise.allSettled(
      [...started.values()].map((row) => row.catch((error) => this.#note(toUberError(error)))),
    );
    if (this.#stopping !== null) throw await this.#whyStopped();
    await this.#repairOutdated();
    if (this.#stopping !== null) throw await this.#whyStopped();
    this.#isStarting = false;
    return this.rows();
  }

  /** Stops all in reverse order, in parallel where nothing orders it. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** The launcher ends this very moment: ends what would outlive it. */
  abandon(): void {
    for (const instance of this.#byName.values()) instance.abandon();
  }

  /**
   * Replaces the incarnation of a service by a new one, on the same port.
   * @throws UberError when it does not become ready again
   */
  async restart(name: string): Promise<ReadyRow> {
    const instance = this.get(name);
    return this.#inTurn(name, async () => {
      if (this.#stopping !== null)
        throw new UberError('NOT_RUNNING', 'The run is stopping.', { service: name });
      await instance.stop();
      return this.#startInstance(instance);
    });
  }

  /**
   * The instance of a service.
   * @throws UberError `UNKNOWN_SERVICE`
   */
  get(name: string): Instance {
    const instance = this.#byName.get(name);
    if (instance !== undefined) return instance;
    throw new UberError(
      'UNKNOWN_SERVICE',
      `No service "${name}" in this run. It has: ${[...this.#byName.keys()].join(', ')}.`,
    );
  }

  /** An instance has ended by itself: null when its work was done. Before all are ready that fails the start. */
  ended(service: string, error: UberError | null): void {
    if (error === null) this.#options.emitter.emit('stopped', { service });
    else if (this.#isStarting) this.#note(error);
    else this.#options.emitter.emit('failed', { service, error });
  }

  /** What is ready now, in start order. */
  rows(): readonly ReadyRow[] {
    return [...this.#byName.values()].flatMap(({ row }) => row ?? []);
  }

  async #startAfter(instance: Instance, dependencies: readonly Promise<ReadyRow>[]): Promise<ReadyRow> {
    await Promise.all(dependencies);
    return this.#inTurn(instance.spec.name, () => this.#startInstance(instance));
  }

  async #startInstance(instance: Instance): Promise<ReadyRow> {
    // Asked here, behind every wait: what is started after the stop would never be stopped.
    if (this.#stopping !== null) {
      const { name } = instance.spec;
      throw new UberError('STOPPED_EARLY', `"${name}" was not started: the run is stopping.`, {
        service: name,
      });
    }
    return instance.start();
  }

  /** The first failure is told at once and ends the start; those that follow from it are not worth telling. */
  #note(error: UberError): void {
    if (this.#failure !== null || this.#stopping !== null) return;
    this.#failure = error;
    this.#options.emitter.emit('failed', { service: error.service, error });
    void this.stop();
  }

  /** Waits for the end of the stop, and tells what a start that it has ended is to throw. */
  async #whyStopped(): Promise<UberError> {
    await this.stop();
    return (
      this.#failure ?? new UberError('STOPPED_EARLY', 'The run was stopped before all services were ready.')
    );
  }

  /** A port moved while services started: who was told the old one is started again. */
  async #repairOutdated(): Promise<void> {
    for (let tries = 0; tries < MOST_REPAIRS && this.#stopping === null; tries += 1) {
      const outdated = [...this.#byName.keys()].filter(this.#options.isOutdated);
      for (const name of outdated) await this.restart(name).catch((error) => this.#note(toUberError(error)));
    }
  }

  async #stopAll(): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    for (const instance of [...this.#byName.values()].reverse()) {
      const { name } = instance.spec;
      const dependents = [...this.#byName.values()].filter(({ spec }) => spec.dependsOn.includes(name));
      const before = dependents.flatMap(({ spec }) => stopped.get(spec.name) ?? []);
      stopped.set(
        name,
        Promise.all(before).then(() => this.#stopInstance(instance)),
      );
    }
    await Promise.all(stopped.values());
  }

  /** Not in turn: a start that hangs must not hold up the stop. */
  async #stopInstance(instance: Instance): Promise<void> {
    const wasRunning = ['starting', 'ready'].includes(instance.state);
    await instance.stop();
    if (wasRunning) this.#options.emitter.emit('stopped', { service: instance.spec.name });
  }

  /** Commands to one instance are serial. */
  #inTurn<Result>(name: string, command: () => Promise<Result>): Promise<Result> {
    const turn = (this.#queues.get(name) ?? Promise.resolve()).then(command);
    this.#queues.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }
}
