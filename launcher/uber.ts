// Composition root: a configuration becomes a run.
import { join } from 'node:path';
import { ServiceBuilder } from './build/build-service.ts';
import { readCatalog } from './catalog/catalog.ts';
import { assertReadable, grantsOf } from './catalog/permissions.ts';
import { selectServices } from './catalog/select.ts';
import { type Peer, plainEnv, resolveEnv } from './config/env-layers.ts';
import { ControlServer } from './control/control-server.ts';
import { toUberError } from './errors.ts';
import { type FlowControl, UNLIMITED } from './logs/log-pump.ts';
import { ServiceLog } from './logs/service-log.ts';
import type { UberConfig } from './options.ts';
import { PLACEMENTS } from './placement/placement-table.ts';
import { baseUrl } from './ports/base-url.ts';
import { MAIN, PortLeases } from './ports/port-leases.ts';
import { portName } from './ports/port-name.ts';
import { RESOURCE_KINDS } from './resources/resource-table.ts';
import { RunDirectory } from './resources/run-directory.ts';
import { RunEmitter } from './supervisor/events.ts';
import { Instance, type Prepared } from './supervisor/instance.ts';
import type { OpenedPorts } from './supervisor/start-watch.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { EnvValue, InstanceState, PortLease, ReadyRow, ServiceSpec } from './types.ts';

/** One instance as it is now. */
export interface InstanceSnapshot {
  readonly service: string;
  readonly state: InstanceState;
  /** Null while it is not ready. */
  readonly ready: ReadyRow | null;
}

/** A run as it is now: plain data. */
export interface RunSnapshot {
  readonly run: string;
  readonly namespace: string;
  readonly root: string;
  readonly services: readonly InstanceSnapshot[];
}

/** One run of selected services. Made by {@link createUber}, started once, stopped once. */
export class Uber {
  readonly emitter = new RunEmitter();
  readonly specs: readonly ServiceSpec[];
  readonly #config: UberConfig;
  readonly #flow: FlowControl;
  readonly #directory: RunDirectory;
  readonly #leases: PortLeases;
  readonly #builder: ServiceBuilder;
  readonly #logs = new Map<string, ServiceLog>();
  /** Which version of the leases an instance was told. */
  readonly #toldVersion = new Map<string, number>();
  readonly #supervisor: Supervisor;
  readonly #control: ControlServer;
  #stopped: Promise<void> | null = null;
  #known: { key: string; peers: Peers } | null = null;
  /** What each service was told at its last start. */
  readonly #envs = new Map<string, Record<string, string>>();
  /** As it was when the run was made: a run does not change. */
  readonly #shell = { ...process.env };

  constructor(config: UberConfig, specs: readonly ServiceSpec[], flow: FlowControl) {
    this.#config = config;
    this.specs = specs;
    this.#flow = flow;
    this.#directory = RunDirectory.create(config.root);
    this.#leases = new PortLeases(config.host);
    this.#control = new ControlServer({
      folder: this.#directory.path,
      runId: this.runId,
      methods: { ping: () => 'pong', snapshot: () => this.snapshot() },
    });
    this.#builder = new ServiceBuilder(join(config.root, '.uber', 'cache', 'build'));
    this.#supervisor = new Supervisor({
      instances: specs.map((spec) => this.#makeInstance(spec)),
      emitter: this.emitter,
      isOutdated: (service) => this.#toldVersion.get(service) !== this.#leases.version,
    });
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
      // All ports are known before the first service starts: each is told the addresses of all.
      // The pinned ones first, or a free port might be one of them.
      const pinnedFirst = this.specs.toSorted((a, b) => Number(b.port !== null) - Number(a.port !== null));
      for (const spec of pinnedFirst) await this.#leases.lease(spec);
      for (const spec of this.specs) await this.#leases.leaseNamed(spec);
      const services = await this.#supervisor.start();
      this.emitter.emit('up', { run: this.runId, bootMs: Math.round(performance.now() - beganMs), services });
      void this.#control.open();
      return services;
    } catch (error) {
      // What goes wrong in cleaning up must not hide why it had to be.
      await this.stop().catch(() => undefined);
      throw toUberError(error);
    }
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

  snapshot(): RunSnapshot {
    const services = this.specs.map(({ name }) => {
      const { state, row } = this.#supervisor.get(name);
      return { service: name, state, ready: row };
    });
    return { run: this.runId, namespace: this.#config.namespace, root: this.#config.root, services };
  }

  /** The environment of a service of this run, each value with its origin. */
  env(service: string): Record<string, EnvValue> {
    const { spec } = this.#supervisor.get(service);
    const lease = this.#leases.all().get(service) ?? { host: this.#config.host, port: 0, isPinned: false };
    return this.#resolveEnv(spec, lease);
  }

  /** For a process that ends this very moment: removes the run's files; its threads end with the process. */
  abandon(): void {
    this.#supervisor.abandon();
    this.#control.closeNow();
    if (!this.#config.keep) this.#directory.removeNow();
  }

  async #stopAndClean(): Promise<void> {
    await this.#supervisor.stop();
    await this.#control.close();
    for (const log of this.#logs.values()) log.close();
    if (!this.#config.keep) {
      for (const kind of RESOURCE_KINDS.toReversed()) {
        await Promise.allSettled(this.specs.map((spec) => kind.dispose(spec, this.#directory)));
      }
      await this.#directory.remove();
    }
    this.emitter.emit('down', { run: this.runId });
  }

  #makeInstance(spec: ServiceSpec): Instance {
    const { name } = spec;
    const log = new ServiceLog({
      service: name,
      path: this.#directory.logPath(name),
      onLine: (line) => this.emitter.emit('log', line),
      now: Date.now,
    });
    this.#logs.set(name, log);
    let isPrepared = false;
    return new Instance({
      spec,
      log,
      placement: PLACEMENTS[spec.placement],
      dataDir: this.#directory.dataDir(name),
      now: () => performance.now(),
      lease: () => this.#leases.lease(spec),
      renewLease: () => this.#leases.renew(spec),
      forgetExtraPort: (asked) => this.#leases.forgetExtra(name, asked),
      nameOfPort: (asked) => portName(asked, spec.ports, this.#envs.get(name) ?? {}),
      onOpened: (opened) => this.#learn(name, opened),
      prepare: async (lease) => {
        // Once a run: a restart finds its resources as they are.
        if (!isPrepared) for (const kind of RESOURCE_KINDS) await kind.prepare(spec, this.#directory);
        isPrepared = true;
        await this.#leases.leaseNamed(spec);
        return this.#prepare(spec, lease);
      },
      onChange: (state) => this.emitter.emit('state', { service: name, state }),
      onReady: (row) => this.emitter.emit('ready', row),
      onListening: (row) => this.emitter.emit('listening', row),
      onEnd: (error) => this.#supervisor.ended(name, error),
    });
  }

  /** What a service has opened is told to those that start after it, and to its next incarnation. */
  #learn(service: string, { url: main, extraPorts, sockets }: OpenedPorts): void {
    for (const { path } of sockets) this.#directory.adoptSocket(path);
    if (main !== null) this.#leases.learnScheme(service, main.startsWith('https:') ? 'https' : 'http');
    for (const { name, asked, port, protocol, url } of extraPorts) {
      const isNew = asked !== 0 && this.#leases.extras(service).get(asked)?.url !== url;
      if (protocol === 'tcp' && isNew) this.#leases.learnExtra(service, asked, { name, port, url });
    }
  }

  async #prepare(spec: ServiceSpec, lease: PortLease): Promise<Prepared> {
    const manifest = await this.#builder.build(spec.entry);
    // Read last, and without a pause before the start: a lease may have changed while it was compiled.
    this.#toldVersion.set(spec.name, this.#leases.version);
    const env = plainEnv(this.#resolveEnv(spec, lease));
    this.#envs.set(spec.name, env);
    const permissions = grantsOf(spec, {
      root: this.#config.root,
      dataDir: this.#directory.dataDir(spec.name),
      specs: this.specs,
    });
    const extraPorts = [...this.#leases.extras(spec.name)].map(([asked, { port }]) => [asked, port] as const);
    return {
      env,
      compile: (path) => this.#builder.build(assertReadable(path, permissions)),
      flow: this.#flow,
      message: {
        service: spec.name,
        entry: spec.entry,
        cwd: spec.cwd,
        args: spec.args,
        host: lease.host,
        port: lease.port,
        mainPort: spec.ports[MAIN] ?? null,
        extraPorts: Object.fromEntries(extraPorts),
        resourceDir: spec.resourceDir,
        dataDir: this.#directory.dataDir(spec.name),
        runId: this.runId,
        namespace: this.#config.namespace,
        urls: Object.fromEntries([...this.#peers()].map(([name, { url }]) => [name, url])),
        portUrls: Object.fromEntries([...this.#peers()].map(([name, { ports }]) => [name, urlsOf(ports)])),
        build: manifest,
        permissions,
      },
    };
  }

  #resolveEnv(spec: ServiceSpec, lease: PortLease): Record<string, EnvValue> {
    const facts = {
      runId: this.runId,
      namespace: this.#config.namespace,
      dataDir: this.#directory.dataDir(spec.name),
      host: lease.host,
      port: lease.port,
      peers: this.#peers(),
    };
    return resolveEnv(spec, this.#config, facts, this.#shell);
  }

  /** Made anew only when a lease has changed. */
  #peers(): Peers {
    const leases = this.#leases.all();
    const key = `${this.#leases.version} ${this.#leases.revision} ${leases.size}`;
    if (this.#known?.key === key) return this.#known.peers;
    const peers: Peers = new Map([...leases].map(([name, lease]) => [name, this.#peer(name, lease)]));
    this.#known = { key, peers };
    return peers;
  }

  #peer(name: string, { host, port }: PortLease): Peer {
    const url = baseUrl(host, port, this.#leases.scheme(name));
    const extras = [...this.#leases.extras(name).values()].flatMap((extra) =>
      extra.name === null
        ? []
        : [[extra.name, { port: extra.port, url: extra.url ?? baseUrl(host, extra.port) }] as const],
    );
    return { host: new URL(url).hostname, port, url, ports: new Map(extras) };
  }
}

function urlsOf(ports: Peer['ports']): Record<string, string> {
  return Object.fromEntries([...ports].map(([name, { url }]) => [name, url]));
}

type Peers = Map<string, Peer>;

/**
 * Selects the services of a configuration and makes a run of them. Nothing is started yet.
 * @param flow slows the services' output down to what the reader of the `log` events can take
 * @throws UberError for anything wrong with the catalog or the selection
 */
export function createUber(config: UberConfig, flow: FlowControl = UNLIMITED): Uber {
  const specs = selectServices(readCatalog(config), config.selection, config.withDependencies);
  return new Uber(config, specs, flow);
}
