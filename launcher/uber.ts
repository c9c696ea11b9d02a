// Composition root: a configuration becomes a run.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ServiceBuilder } from './build/build-service.ts';
import { ModuleStore } from './build/module-store.ts';
import { pruneCache } from './build/prune-cache.ts';
import { readCatalog } from './catalog/catalog.ts';
import { selectServices } from './catalog/select.ts';
import { isRunAlive } from './control/control-client.ts';
import { ControlServer } from './control/control-server.ts';
import { toUberError } from './errors.ts';
import { logLost } from './logs/log-file.ts';
import { type FlowControl, UNLIMITED } from './logs/log-pump.ts';
import { ServiceLog } from './logs/service-log.ts';
import { ModuleLearner } from './module-learner.ts';
import type { UberConfig } from './options.ts';
import type { Placement } from './placement/placement.ts';
import { makePlacements } from './placement/placement-table.ts';
import { PortLeases } from './ports/port-leases.ts';
import { bootTimesFile, readBootTimes, rememberBootTimes } from './resources/boot-times.ts';
import { RESOURCE_KINDS } from './resources/resource-table.ts';
import { sweptEvent } from './resources/run-died.ts';
import { RunDirectory } from './resources/run-directory.ts';
import { runsFolder } from './resources/run-registry.ts';
import { stateFolder } from './resources/state-folder.ts';
import { beginSweep, type Sweep } from './resources/sweep.ts';
import type { RunSnapshot } from './snapshot.ts';
import { StartPlan } from './start-plan.ts';
import { RunEmitter } from './supervisor/events.ts';
import { FaultTally } from './supervisor/fault-tally.ts';
import { Instance } from './supervisor/instance.ts';
import { LoopWatch } from './supervisor/loop-watch.ts';
import { MemoryWatch } from './supervisor/memory-watch.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { EnvValue, PlacementName, ReadyRow, ServiceSpec } from './types.ts';

/** One run of selected services. Made by {@link createUber}, started once, stopped once. */
export class Uber {
  readonly emitter = new RunEmitter();
  readonly specs: readonly ServiceSpec[];
  readonly #config: UberConfig;
  readonly #directory: RunDirectory;
  readonly #leases: PortLeases;
  readonly #plan: StartPlan;
  readonly #placements: Readonly<Record<PlacementName, Placement>>;
  readonly #modules: ModuleStore;
  readonly #learner: ModuleLearner;
  readonly #loops = new LoopWatch();
  readonly #memories = new MemoryWatch();
  readonly #sweep: Sweep;
  readonly #pruned: Promise<void>;
  readonly #bootTimes: string;
  #isLogLost = false;
  #isUp = false;
  readonly #startedMs = Date.now();
  /** Service -> when it got into its state. */
  readonly #sinceMs = new Map<string, number>();
  readonly #logs = new Map<string, ServiceLog>();
  readonly #supervisor: Supervisor;
  readonly #faults: FaultTally;
  readonly #control: ControlServer;
  #stopped: Promise<void> | null = null;

  constructor(config: UberConfig, specs: readonly ServiceSpec[], flow: FlowControl) {
    this.#config = config;
    this.specs = specs;
    this.#placements = makePlacements(specs);
    this.#directory = RunDirectory.create(config.root);
    this.#leases = new PortLeases(config.host);
    const state = stateFolder(config.root);
    const cache = join(state, 'cache', 'build');
    // Node counts coverage in a module as it compiles it itself.
    this.#modules = new ModuleStore(cache, process.env.NODE_V8_COVERAGE === undefined);
    this.#learner = new ModuleLearner(this.#modules);
    this.#bootTimes = bootTimesFile(state);
    this.#plan = new StartPlan({
      config,
      specs,
      flow,
      directory: this.#directory,
      leases: this.#leases,
      builder: new ServiceBuilder(cache),
      modules: this.#modules,
      cache,
    });
    this.#control = new ControlServer({
      folder: this.#directory.path,
      runId: this.runId,
      methods: { ping: () => 'pong', snapshot: () => this.snapshot() },
    });
    this.#sweep = beginSweep(runsFolder(state), {
      onSwept: (run) => this.emitter.emit('swept', sweptEvent(run)),
      isAnswering: isRunAlive,
    });
    this.#pruned = this.#sweep.done.then(() => pruneCache(cache, Date.now()));
    this.#supervisor = new Supervisor({
      instances: specs.map((spec) => this.#makeInstance(spec)),
      emitter: this.emitter,
      isOutdated: (service) => this.#plan.isOutdated(service),
      // One core more than there is: while a service reads its files, another computes.
      mostLoading: availableParallelism() + 1,
      bootMs: readBootTimes(this.#bootTimes),
      onCriticalLost: () => void this.stop(),
      now: () => performance.now(),
      random: Math.random,
    });
    this.#faults = new FaultTally(this.emitter);
  }

  /** Where data directories and logs of the run are. */
  get directory(): string {
    return this.#directory.path;
  }

  get runId(): string {
    return this.#directory.runId;
  }

  /**
   * Starts all services.
   * @throws UberError the first failure; nothing is left then
   */
  async start(): Promise<readonly ReadyRow[]> {
    const beganMs = performance.now();
    try {
      this.#beginFirst();
      await this.#sweep.processesEnded;
      // All ports are known before the first service starts: each is told the addresses of all.
      // The pinned ones first, or a free port might be one of them.
      const pinnedFirst = this.specs.toSorted((a, b) => Number(b.port !== null) - Number(a.port !== null));
      for (const spec of pinnedFirst) await this.#leases.lease(spec);
      for (const spec of this.specs) await this.#leases.leaseNamed(spec);
      const isControlled = this.#control.open();
      const services = await this.#supervisor.start();
      await this.#disposePlacements();
      await isControlled;
      this.#isUp = true;
      this.#modules.endStart();
      this.emitter.emit('up', { run: this.runId, bootMs: Math.round(performance.now() - beganMs), services });
      for (const { name } of this.specs) this.#learner.add(this.#supervisor.get(name));
      rememberBootTimes(this.#bootTimes, new Map(services.map(({ service, bootMs }) => [service, bootMs])));
      return services;
    } catch (error) {
      // What goes wrong in cleaning up must not hide why it had to be.
      await this.stop().catch(() => undefined);
      throw toUberError(error);
    }
  }

  /** Node starts in the threads of those that load first while main leases ports and looks what they load. */
  #beginFirst(): void {
    const first = this.specs.filter(({ dependsOn }) => dependsOn.length === 0);
    for (const spec of first.slice(0, availableParallelism())) this.#placements[spec.placement].begin?.(spec);
  }

  async #disposePlacements(): Promise<void> {
    for (const placement of Object.values(this.#placements)) await placement.dispose?.();
  }

  /** Stops all services and removes what the run has made. Resolves for every caller when that is done. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAndClean();
    return this.#stopped;
  }

  /** Replaces the incarnation of a service by a fresh one on the same port. */
  restart(service: string): Promise<ReadyRow> {
    return this.#supervisor.restart(service);
  }

  /** Starts a service that is down. */
  startService(service: string): Promise<ReadyRow> {
    return this.#supervisor.startService(service);
  }

  /** Stops one service; the others go on. A start or restart that was asked for is cancelled. */
  stopService(service: string): Promise<void> {
    return this.#supervisor.stopService(service);
  }

  snapshot(): RunSnapshot {
    const services = this.specs.map(({ name, placement }) => {
      const { state, row, incarnation } = this.#supervisor.get(name);
      return {
        service: name,
        state,
        sinceMs: this.#sinceMs.get(name) ?? this.#startedMs,
        placement,
        incarnation,
        ready: row,
        missing: this.#supervisor.missingFor(name),
        faults: this.#faults.counts(name),
        lastFault: this.#faults.last(name)?.message ?? null,
      };
    });
    const { namespace, root } = this.#config;
    return { run: this.runId, namespace, root, pid: process.pid, startedMs: this.#startedMs, services };
  }

  /** The environment of a service of this run, each value with its origin. */
  env(service: string): Record<string, EnvValue> {
    const { spec } = this.#supervisor.get(service);
    const lease = this.#leases.all().get(service) ?? { host: this.#config.host, port: 0, isPinned: false };
    return this.#plan.env(spec, lease);
  }

  /** True while a thread lives that cannot be ended, which keeps the process from ending. */
  get isStuck(): boolean {
    return this.#supervisor.isStuck;
  }

  /** For a process that ends this very moment: removes the run's files; its threads end with the process. */
  abandon(): void {
    this.#supervisor.abandon();
    this.#control.closeNow();
    if (this.#config.keep) this.#directory.keep();
    else this.#directory.removeNow();
  }

  async #stopAndClean(): Promise<void> {
    await this.#learner.close();
    await this.#supervisor.stop();
    await this.#disposePlacements();
    await this.#control.close();
    for (const log of this.#logs.values()) log.close();
    if (this.#config.keep) this.#directory.keep();
    else {
      for (const kind of RESOURCE_KINDS.toReversed()) {
        await Promise.allSettled(this.specs.map((spec) => kind.dispose(spec, this.#directory)));
      }
      // What cannot be removed now is removed by a later start.
      await this.#directory.remove().catch(() => undefined);
    }
    await Promise.all([this.#sweep.done, this.#pruned]);
    this.emitter.emit('down', { run: this.runId });
  }

  /** Once a run: one disk holds all of them. */
  #tellLogLost(service: string, cause: Error): void {
    if (!this.#isLogLost) this.emitter.emit('fault', logLost(service, cause));
    this.#isLogLost = true;
  }

  #makeInstance(spec: ServiceSpec): Instance {
    const { name } = spec;
    const log = new ServiceLog({
      service: name,
      path: this.#directory.logPath(name),
      onLine: (line) => this.emitter.emit('log', line),
      now: Date.now,
      onFileLost: (error) => this.#tellLogLost(name, error),
    });
    this.#logs.set(name, log);
    let isPrepared = false;
    return new Instance({
      spec,
      log,
      placement: this.#placements[spec.placement],
      dataDir: this.#directory.dataDir(name),
      now: () => performance.now(),
      lease: () => this.#leases.lease(spec),
      renewLease: () => this.#leases.renew(spec),
      forgetExtraPort: (asked) => this.#leases.forgetExtra(name, asked),
      nameOf: (asked) => this.#plan.nameOfPort(spec, asked),
      onOpened: (opened) => this.#plan.learn(name, opened),
      prepare: async (lease) => {
        // Once a run: a restart finds its resources as they are.
        if (!isPrepared) for (const kind of RESOURCE_KINDS) await kind.prepare(spec, this.#directory);
        isPrepared = true;
        await this.#leases.leaseNamed(spec);
        return this.#plan.prepare(spec, lease);
      },
      onChange: (state, incarnation) => {
        this.#sinceMs.set(name, Date.now());
        this.emitter.emit('state', { service: name, state, incarnation });
        this.#supervisor.changed(name, state);
      },
      onReady: (row) => {
        this.emitter.emit('ready', row);
        // While the others start there is enough to do.
        if (this.#isUp) this.#learner.add(this.#supervisor.get(name));
      },
      onListening: (row) => this.emitter.emit('listening', row),
      onFault: (error) => this.emitter.emit('fault', { service: name, error, restartInMs: null }),
      loops: this.#loops,
      memories: this.#memories,
      onEnd: (error, settle) => this.#supervisor.ended(name, error, settle),
    });
  }
}

/**
 * Selects the services of a configuration and makes a run of them. Nothing is started yet.
 * @param flow slows the services' output down to what the reader of the `log` events can take
 * @throws UberError for anything wrong with the catalog or the selection
 */
export function createUber(config: UberConfig, flow: FlowControl = UNLIMITED): Uber {
  const specs = selectServices(readCatalog(config), config.selection, config.withDependencies);
  return new Uber(config, specs, flow);
}
