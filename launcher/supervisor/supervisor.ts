// Starts, stops and restarts the instances of one run in the order their dependencies ask for.
import { toUberError, UberError } from '../errors.ts';
import type { InstanceState, ReadyRow } from '../types.ts';
import { CommandQueue } from './command-queue.ts';
import { Dependents } from './dependents.ts';
import type { RunEmitter } from './events.ts';
import { workDone } from './failures.ts';
import type { Instance, Settle } from './instance.ts';
import { Recovery } from './recovery.ts';
import { MOST_SHARED, StartGate } from './start-gate.ts';
import { urgencies } from './urgency.ts';

interface SupervisorOptions {
  /** In start order. */
  readonly instances: readonly Instance[];
  readonly emitter: RunEmitter;
  /** True when what an instance was told at its start no longer holds: a port of another service has changed since. */
  readonly isOutdated: (service: string) => boolean;
  /** A service on which the run depends is given up. */
  readonly onCriticalLost: () => void;
  /** At most so many start at the same time. */
  readonly mostLoading: number;
  /** How long the last start of a service took, in milliseconds, where that is known. */
  readonly bootMs: ReadonlyMap<string, number>;
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** What is asked of one instance. `assertWanted` throws when a stop has come meanwhile. */
type Command<Result> = (instance: Instance, assertWanted: () => void) => Promise<Result>;

/** How often services are started again because ports moved while they started. */
const MOST_REPAIRS = 3;

/** Owns the order; each instance owns its state. */
export class Supervisor {
  readonly #byName: ReadonlyMap<string, Instance>;
  readonly #options: SupervisorOptions;
  readonly #commands = new CommandQueue();
  readonly #recovery: Recovery;
  readonly #dependents: Dependents;
  readonly #gate: StartGate;
  readonly #sharedGate: StartGate;
  #stopping: Promise<void> | null = null;
  #failure: UberError | null = null;
  #isStarting = true;

  constructor(options: SupervisorOptions) {
    const { instances, emitter } = options;
    this.#options = options;
    this.#byName = new Map(instances.map((instance) => [instance.spec.name, instance]));
    const specs = instances.map(({ spec }) => spec);
    this.#dependents = new Dependents(specs, emitter);
    const urgency = urgencies(specs, options.bootMs);
    this.#gate = new StartGate({ most: options.mostLoading, urgency, now: options.now });
    this.#sharedGate = new StartGate({ most: MOST_SHARED, urgency, now: options.now });
    this.#recovery = new Recovery({ ...options, startAgain: (service) => this.#startAgain(service) });
  }

  /**
   * Starts all, each as soon as its dependencies are ready, and tells what became ready, in start order.
   * @throws UberError the first failure; by then everything is stopped
   */
  async start(): Promise<readonly ReadyRow[]> {
    const started = new Map<string, Promise<ReadyRow>>();
    for (const instance of this.#byName.values()) {
      const dependencies = instance.spec.dependsOn.flatMap((name) => started.get(name) ?? []);
      started.set(instance.spec.name, this.#startAfter(instance, dependencies));
    }
    const rows = await Promise.all(
      [...started.values()].map((row) => row.catch((error) => this.#note(toUberError(error)))),
    );
    if (this.#stopping !== null) throw await this.#whyStopped();
    await this.#repairOutdated();
    if (this.#stopping !== null) throw await this.#whyStopped();
    this.#isStarting = false;
    // One that has done its work by now was ready all the same.
    return [...this.#byName.values()].flatMap(({ row }, index) => row ?? rows[index] ?? []);
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
   * @throws UberError when it does not become ready again, or is stopped meanwhile
   */
  restart(name: string): Promise<ReadyRow> {
    return this.#renew(name, async (instance, assertWanted) => {
      await instance.stop();
      assertWanted();
      return this.#startInstance(instance);
    });
  }

  /**
   * Starts a service that is down; one that is ready stays as it is.
   * @throws UberError when it does not become ready, or is stopped meanwhile
   */
  startService(name: string): Promise<ReadyRow> {
    return this.#renew(name, async (instance) => instance.row ?? this.#startInstance(instance));
  }

  /**
   * Stops one service and leaves the others as they are. Cancels what was asked of it before: a start under way, a
   * restart that waits.
   * @throws UberError `UNKNOWN_SERVICE`
   */
  async stopService(name: string): Promise<void> {
    const instance = this.get(name);
    this.#commands.cancel(name);
    this.#recovery.cancel(name);
    await this.#stopInstance(instance);
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

  /** What a service depends on and must do without now. */
  missingFor(name: string): string[] {
    return this.#dependents.missingFor(this.get(name).spec);
  }

  /** An instance has another state. */
  changed(service: string, state: InstanceState): void {
    if (!this.#isStarting && this.#stopping === null) this.#dependents.changed(service, state);
  }

  /** An instance has ended by itself: null when its work was done. Before all are ready that fails the start. */
  ended(service: string, error: UberError | null, settle: Settle): void {
    if (this.#stopping !== null) {
      settle(error === null ? 'stopped' : 'failed');
    } else if (this.#isStarting && error !== null) {
      settle('failed');
      this.#note(error);
    } else this.#recovery.settle(this.get(service).spec, error, settle);
  }

  /** True while a thread lives that cannot be ended. */
  get isStuck(): boolean {
    return [...this.#byName.values()].some((instance) => instance.isStuck);
  }

  async #startAfter(instance: Instance, dependencies: readonly Promise<ReadyRow>[]): Promise<ReadyRow> {
    await Promise.all(dependencies);
    const { name } = instance.spec;
    const gate = instance.spec.placement === 'shared' ? this.#sharedGate : this.#gate;
    return gate.pass({ name, idleMs: () => instance.idleMs() }, () =>
      this.#commands.inTurn(name, () => this.#startInstance(instance)),
    );
  }

  async #startInstance(instance: Instance): Promise<ReadyRow> {
    // Asked here, behind every wait: what is started after the stop would never be stopped.
    if (this.#stopping !== null) {
      const { name } = instance.spec;
      throw new UberError('STOPPED_EARLY', `"${name}" was not started: the run is stopping.`, {
        service: name,
      });
    }
    if (this.#isStarting) return instance.start();
    const { spec } = instance;
    this.#recovery.forget(spec.name);
    return instance.start((error, settle) =>
      this.#recovery.giveUp(spec, error ?? workDone(spec.name), settle),
    );
  }

  /** The pause of a service is over. Nobody waits for what comes of it: a failure is settled as its end was. */
  #startAgain(name: string): void {
    void this.#renew(name, async (instance) =>
      instance.state === 'backoff' ? this.#recover(instance) : null,
    ).catch(() => undefined); // Settled and told, or cancelled by a stop.
  }

  #recover(instance: Instance): Promise<ReadyRow> {
    return instance.start((error, settle) => this.ended(instance.spec.name, error, settle));
  }

  /**
   * A command that makes a new incarnation, or null; those who asked for it get one too, behind the turn of the command:
   * they may need the service while they start, and it may end meanwhile.
   */
  async #renew<Row extends ReadyRow | null>(name: string, command: Command<Row>): Promise<Row> {
    let isRenewed = false;
    const row = await this.#command(name, async (instance, assertWanted) => {
      const before = instance.incarnation;
      const made = await command(instance, assertWanted);
      isRenewed = made !== null && before > 0 && made.incarnation > before;
      return made;
    });
    if (isRenewed && !this.#isStarting) await this.#restartDependents(name);
    return row;
  }

  async #restartDependents(service: string): Promise<void> {
    if (!this.get(service).spec.restartsDependents) return;
    const restarts = this.#dependents.of(service).map((name) =>
      this.#renew(name, async (instance, assertWanted) => {
        // In backoff it starts by itself, and who has stopped it wants it so.
        if (instance.state !== 'ready' && instance.state !== 'failed') return null;
        await instance.stop();
        assertWanted();
        return this.#recover(instance);
      }),
    );
    await Promise.allSettled(restarts);
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
    this.#recovery.cancelAll();
    const instances = [...this.#byName.values()];
    // However many stand in a row: together they get twice the longest grace of one.
    const mostMs = 2 * Math.max(0, ...instances.map(({ spec }) => spec.stopGraceMs));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      for (const instance of instances) instance.hurry();
    }, mostMs);
    const stopped = new Map<string, Promise<void>>();
    for (const instance of instances.toReversed()) {
      const before = this.#dependents.of(instance.spec.name).flatMap((name) => stopped.get(name) ?? []);
      const stop = Promise.all(before).then(() => {
        const done = this.#stopInstance(instance);
        if (isLate) instance.hurry();
        return done;
      });
      stopped.set(instance.spec.name, stop);
    }
    await Promise.all(stopped.values());
    clearTimeout(timer);
  }

  /** Not in turn: a start that hangs must not hold up the stop. */
  async #stopInstance(instance: Instance): Promise<void> {
    const wasRunning = ['starting', 'ready', 'backoff'].includes(instance.state);
    await instance.stop();
    if (wasRunning) this.#options.emitter.emit('stopped', { service: instance.spec.name });
  }

  /** A command to one instance, behind those given before. */
  async #command<Result>(name: string, command: Command<Result>): Promise<Result> {
    const instance = this.get(name);
    return this.#commands.inTurn(name, (assertWanted) => {
      if (this.#stopping !== null)
        throw new UberError('NOT_RUNNING', 'The run is stopping.', { service: name });
      return command(instance, assertWanted);
    });
  }
}
