// What an incarnation starts from: its environment, the addresses of the others, its compiled sources.
import type { ServiceBuilder } from './build/build-service.ts';
import type { ModuleStore } from './build/module-store.ts';
import { assertReadable, grantsOf } from './catalog/permissions.ts';
import { type InjectedFacts, type Peer, plainEnv, resolveEnv } from './config/env-layers.ts';
import type { FlowControl } from './logs/log-pump.ts';
import type { UberConfig } from './options.ts';
import { baseUrl } from './ports/base-url.ts';
import { MAIN, type PortLeases } from './ports/port-leases.ts';
import { portName } from './ports/port-name.ts';
import type { RunDirectory } from './resources/run-directory.ts';
import type { Prepared } from './supervisor/life.ts';
import type { OpenedPorts } from './supervisor/start-watch.ts';
import type { EnvValue, PortLease, ServiceSpec } from './types.ts';

interface StartPlanOptions {
  readonly config: UberConfig;
  /** All of the run. */
  readonly specs: readonly ServiceSpec[];
  readonly directory: RunDirectory;
  readonly leases: PortLeases;
  readonly builder: ServiceBuilder;
  readonly modules: ModuleStore;
  /** Where the builder puts what it has compiled. */
  readonly cache: string;
  readonly flow: FlowControl;
}

type Peers = Map<string, Peer>;

/** Makes what each incarnation of a run is told. */
export class StartPlan {
  readonly #options: StartPlanOptions;
  /** Which version of the leases an instance was told. */
  readonly #toldVersion = new Map<string, number>();
  /** What each service was told at its last start. */
  readonly #envs = new Map<string, Record<string, string>>();
  /** As it was when the run was made: a run does not change. */
  readonly #shell = { ...process.env };
  #known: { key: string; peers: Peers } | null = null;

  constructor(options: StartPlanOptions) {
    this.#options = options;
  }

  /** True when what a service was told at its start no longer holds: a port of another one has changed since. */
  isOutdated(service: string): boolean {
    return this.#toldVersion.get(service) !== this.#options.leases.version;
  }

  /** What a port beside the main one is called. */
  nameOfPort({ name, ports }: ServiceSpec, asked: number): string | null {
    return portName(asked, ports, this.#envs.get(name) ?? {});
  }

  /** What a service has opened is told to those that start after it, and to its next incarnation. */
  learn(service: string, { url: main, extraPorts, sockets }: OpenedPorts): void {
    const { directory, leases } = this.#options;
    for (const { path } of sockets) directory.adoptSocket(path);
    if (main !== null) leases.learnScheme(service, main.startsWith('https:') ? 'https' : 'http');
    for (const { name, asked, port, protocol, url } of extraPorts) {
      const isNew = asked !== 0 && leases.extras(service).get(asked)?.url !== url;
      if (protocol === 'tcp' && isNew) leases.learnExtra(service, asked, { name, port, url });
    }
  }

  /** All that an incarnation starts from, anew each time. */
  async prepare(spec: ServiceSpec, lease: PortLease): Promise<Prepared> {
    const { builder, cache, config, directory, flow, leases, modules, specs } = this.#options;
    const manifest = await builder.build(spec.entry);
    // Read last, and without a pause before the start: a lease may have changed while it was compiled.
    this.#toldVersion.set(spec.name, leases.version);
    const env = plainEnv(spec, config, this.#facts(spec, lease), this.#shell);
    this.#envs.set(spec.name, env);
    const dataDir = directory.dataDir(spec.name);
    const permissions = grantsOf(spec, { root: config.root, cache, dataDir, specs });
    const extraPorts = [...leases.extras(spec.name)].map(([asked, { port }]) => [asked, port] as const);
    return {
      env,
      compile: (path) => builder.build(assertReadable(path, permissions)),
      flow,
      // What it may read is asked of Node for each file. A shared thread loads most of its modules once.
      modules:
        permissions === null && spec.placement !== 'shared' && !preloads(env)
          ? modules.image(spec.name, modulesKey(spec, env))
          : null,
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
        dataDir,
        runId: directory.runId,
        namespace: config.namespace,
        urls: Object.fromEntries([...this.#peers()].map(([name, { url }]) => [name, url])),
        portUrls: Object.fromEntries([...this.#peers()].map(([name, { ports }]) => [name, urlsOf(ports)])),
        build: manifest,
        compileCache: permissions === null ? modules.nodeFolder : null,
        permissions,
      },
    };
  }

  /** The environment of a service, each value with its origin. */
  env(spec: ServiceSpec, lease: PortLease): Record<string, EnvValue> {
    return resolveEnv(spec, this.#options.config, this.#facts(spec, lease), this.#shell);
  }

  #facts(spec: ServiceSpec, lease: PortLease): InjectedFacts {
    const { config, directory } = this.#options;
    return {
      runId: directory.runId,
      namespace: config.namespace,
      dataDir: directory.dataDir(spec.name),
      host: lease.host,
      port: lease.port,
      peers: this.#peers(),
    };
  }

  /** Made anew only when a lease has changed. */
  #peers(): Peers {
    const { leases } = this.#options;
    const all = leases.all();
    const key = `${leases.version} ${leases.revision} ${all.size}`;
    if (this.#known?.key === key) return this.#known.peers;
    const peers: Peers = new Map([...all].map(([name, lease]) => [name, this.#peer(name, lease)]));
    this.#known = { key, peers };
    return peers;
  }

  #peer(name: string, { host, port }: PortLease): Peer {
    const { leases } = this.#options;
    const url = baseUrl(host, port, leases.scheme(name));
    const extras = [...leases.extras(name).values()].flatMap((extra) =>
      extra.name === null
        ? []
        : [[extra.name, { port: extra.port, url: extra.url ?? baseUrl(host, extra.port) }] as const],
    );
    return { host: new URL(url).hostname, port, url, ports: new Map(extras) };
  }
}

/** All that decides where the requires of a service lead, beside the files themselves. */
function modulesKey({ entry }: ServiceSpec, { NODE_OPTIONS, NODE_PATH }: Record<string, string>): string {
  return JSON.stringify([entry, process.execArgv, NODE_OPTIONS ?? '', NODE_PATH ?? '']);
}

/** Options of Node that run code before the service; what that does to the loader is there before ours is. */
const PRELOADING =
  /(?:^|[\s"'])(?:-r|--require|--import|--loader|--experimental[-_](?:loader|config[-_]file|default[-_]config[-_]file))(?=$|[\s=])/;

/** True when others may have a say in how modules are found or loaded: tracers and compilers are preloaded. */
function preloads({ NODE_OPTIONS }: Record<string, string>): boolean {
  return NODE_OPTIONS !== undefined && PRELOADING.test(NODE_OPTIONS);
}

function urlsOf(ports: Peer['ports']): Record<string, string> {
  return Object.fromEntries([...ports].map(([name, { url }]) => [name, url]));
}
