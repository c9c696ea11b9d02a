// The plain data that rooms hand to each other. No behaviour here.

/** State of an instance: one running service in a run. */
export type InstanceState =
  | 'idle' // known, not asked to run yet
  | 'starting' // waiting for its dependencies, or its incarnation has begun and is not ready
  | 'ready' // listening, and its probe (if any) has passed
  | 'backoff' // ended on its own, and waits for its next incarnation
  | 'stopping' // asked to stop, its thread is still alive
  | 'stopped' // ended because it was asked to
  | 'failed'; // ended on its own, or could not start, and is not started again

/** Where an incarnation lives. */
export type PlacementName =
  | 'thread' // a worker thread of the launcher's process
  | 'shared' // a worker thread together with others
  | 'process'; // a process of its own

/** What may be asked for: `auto` is `shared` for services that say they can, and `thread` for the others. */
export type PlacementChoice = PlacementName | 'auto';

/** When a service that has ended on its own is started again. */
export type RestartPolicyName =
  | 'never' // it stays down: the failure is told at once
  | 'on-failure' // after a failure, not when it has done its work
  | 'always'; // whenever it ends without being asked to

/** When and how often a service is started again; complete, with every default filled in. */
export interface RestartConfig {
  readonly policy: RestartPolicyName;
  /** Pause before the first new start, in milliseconds; it doubles with each failure that follows. */
  readonly minDelayMs: number;
  /** Longest pause, in milliseconds. */
  readonly maxDelayMs: number;
  /** How many ends within the window are followed by a new start; at the next one it is given up. */
  readonly attempts: number;
  /** Ends longer ago than this are forgotten, in milliseconds. */
  readonly windowMs: number;
}

/** How the launcher finds out that an incarnation is ready; complete, with every default filled in. */
export interface ReadyConfig {
  /** `listening`: the main port is bound. `started`: the module is loaded and its `start` has settled (no port needed). */
  readonly until: 'listening' | 'started';
  /** Path of an HTTP probe sent once the service listens, or null for none. */
  readonly http: string | null;
  /** Lowest and highest HTTP status that counts as ready. */
  readonly status: readonly [number, number];
  /** Pause between two tries of the probe, in milliseconds. */
  readonly intervalMs: number;
  /** Time from the beginning of the incarnation to ready, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a service with `permissions` may do. Paths are absolute; all below a folder is meant. */
export interface Permissions {
  readonly read: readonly string[];
  /** What may be written may be read too. */
  readonly write: readonly string[];
  readonly childProcess: boolean;
  readonly worker: boolean;
  /** Native addons: `.node` files. */
  readonly addons: boolean;
}

/** The resolved, frozen description of one service. Paths are absolute. */
export interface ServiceSpec {
  readonly name: string;
  /** The file that is loaded. */
  readonly entry: string;
  /** The service's own folder: its `.env` is read from here. */
  readonly dir: string;
  /** What `process.cwd()` answers inside the service. */
  readonly cwd: string;
  /** What the program finds behind `process.argv[1]`. */
  readonly args: readonly string[];
  /** `env` of the service in the configuration. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the services that must be ready before this one starts. */
  readonly dependsOn: readonly string[];
  readonly ready: ReadyConfig;
  /** A pinned port, or null for a free one. */
  readonly port: number | null;
  /** Name -> the port the program asks for; `main` names the one whose server is the main one. */
  readonly ports: Readonly<Record<string, number>>;
  readonly placement: PlacementName;
  /** Name of the thread it shares with others; only placement `shared` looks at it. */
  readonly sharedThread: string;
  /** How long a stop may take before the thread is terminated, in milliseconds. */
  readonly stopGraceMs: number;
  readonly restart: RestartConfig;
  /** True when the run ends once the service is given up. */
  readonly isCritical: boolean;
  /** True when those that depend on it are started again after it has been. */
  readonly restartsDependents: boolean;
  /** Largest heap of the service (V8's old generation), in megabytes. */
  readonly heapMb: number;
  /** How long its event loop may be blocked before it is ended as failed, in milliseconds; null for ever. */
  readonly blockedMs: number | null;
  /** What the configuration allows beyond what no service can do without; null: nothing is refused. */
  readonly permissions: Permissions | null;
  /** `resources/<name>`: committed, read-only to the run. It need not exist. */
  readonly resourceDir: string;
}

/** A port held for an instance across its incarnations. */
export interface PortLease {
  /** Address the service binds. */
  readonly host: string;
  readonly port: number;
  /** True when the port was asked for by the configuration. */
  readonly isPinned: boolean;
}

/** A port that a service opened beside its main one. */
export interface ExtraPort {
  /** From the configuration or a variable such as `METRICS_PORT`, else the port asked for; null when that was 0. */
  readonly name: string | null;
  /** The port the program asked for; 0 when it left the choice open. */
  readonly asked: number;
  /** The port it got. */
  readonly port: number;
  /** UDP sockets are left where the program binds them. */
  readonly protocol: 'tcp' | 'udp';
  /** For example `http://127.0.0.1:40007`; `https` when the server is one, `udp` for a UDP socket. */
  readonly url: string;
}

/** A Unix socket or named pipe of a service. */
export interface MovedSocket {
  /** Where the program asked for it. */
  readonly asked: string;
  /** Where it is: in the data directory. */
  readonly path: string;
}

/** Everything worth showing about a ready instance. */
export interface ReadyRow {
  readonly service: string;
  /** Base URL without a trailing slash, or null for a service that does not listen. */
  readonly url: string | null;
  readonly port: number | null;
  readonly extraPorts: readonly ExtraPort[];
  readonly sockets: readonly MovedSocket[];
  readonly placement: PlacementName;
  readonly pid: number;
  /** 0 for a process of its own. */
  readonly threadId: number;
  /** 1 for the first life of the instance in its run. */
  readonly incarnation: number;
  /** From the beginning of the incarnation to ready, in milliseconds. */
  readonly bootMs: number;
  readonly resourceDir: string;
  readonly dataDir: string;
}

/** One line of a service's output. */
export interface LogLine {
  readonly service: string;
  readonly stream: 'stdout' | 'stderr';
  /** When main read it, in milliseconds since the epoch. */
  readonly timeMs: number;
  readonly level: LogLevel;
  /** The line as written, without its line break. */
  readonly text: string;
  /** The line parsed, when it is a JSON object (pino, bunyan, winston). */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** One value of a service's environment and where it came from. */
export interface EnvValue {
  readonly value: string;
  /** A name for people: `injected`, `--env`, `shell`, or the file it stands in. */
  readonly origin: string;
}
