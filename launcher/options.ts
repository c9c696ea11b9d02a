// What users pass (`uber.config.*`, options of the library) and the complete configuration made from it.
import type { PlacementChoice, RestartPolicyName } from './types.ts';

/** When a service counts as ready. */
export interface ReadyOptions {
  /** Path of a request sent until it answers with a ready status, for example `/health`. */
  http?: string | undefined;
  /** The status that counts as ready, or the lowest and the highest one. Default: 200 to 399. */
  status?: number | [number, number] | undefined;
  /** Pause between two tries, in milliseconds. Default: 100. */
  intervalMs?: number | undefined;
  /** Time from the beginning of the service to ready, in milliseconds. Default: 30000. */
  timeoutMs?: number | undefined;
}

/** When and how often a service that has ended on its own is started again. */
export interface RestartOptions {
  /** Default: `'on-failure'`. */
  policy?: RestartPolicyName | undefined;
  /** Pause before the first new start, in milliseconds; it doubles with each failure that follows. Default: 100. */
  minDelayMs?: number | undefined;
  /** Longest pause, in milliseconds. Default: 10000. */
  maxDelayMs?: number | undefined;
  /** How many ends within `windowMs` are followed by a new start; the next one gives the service up. Default: 5. */
  attempts?: number | undefined;
  /** Ends longer ago than this are forgotten, in milliseconds. Default: 60000. */
  windowMs?: number | undefined;
}

/**
 * What a service may do. Only what is named is allowed, and what no service can do without: to read its own folder, its
 * packages and its resources, and to write its data directory.
 */
export interface PermissionsOptions {
  /** Files and folders it may read, relative to the configuration file. */
  read?: string[] | undefined;
  /** Files and folders it may write, and read. */
  write?: string[] | undefined;
  /** True lets it start processes. Default: false. */
  childProcess?: boolean | undefined;
  /** True lets it start worker threads. Default: false. */
  worker?: boolean | undefined;
  /** True lets it load native addons. Default: false. */
  addons?: boolean | undefined;
}

/** One service of `uber.config.*`. Every key may be left out; `entry` only when `services/<name>` exists. */
export interface ServiceOptions {
  /** The file or folder to run, relative to the configuration file. Default: `services/<name>`. */
  entry?: string | undefined;
  /** Arguments of the program. */
  args?: string[] | undefined;
  /** What `process.cwd()` answers in the service, relative to the configuration file. Default: the service's folder. */
  cwd?: string | undefined;
  /**
   * Environment of the service; a value in the shell wins over it. `${orders.url}`, `${orders.host}` and
   * `${orders.port}` stand for the address of the service `orders`.
   */
  env?: Record<string, string | number | boolean> | undefined;
  /** Services that must be ready before this one starts. */
  dependsOn?: string[] | undefined;
  /** When the service counts as ready. `'started'` suits one that never listens. Default: `'listening'`. */
  ready?: 'listening' | 'started' | ReadyOptions | undefined;
  /** A fixed port. Default: a free one. */
  port?: number | undefined;
  /**
   * Names for the ports the program asks for, for example `{ metrics: 9090 }`. `main` says which of its servers is the
   * main one, when it is not the first.
   */
  ports?: Record<string, number> | undefined;
  /**
   * Where the service lives: a thread of the launcher, a thread together with others, or a process of its own. `'auto'`
   * is `'shared'` for one that is `shareable`, else `'thread'`. Default: `'thread'`.
   */
  placement?: PlacementChoice | undefined;
  /** True says that it can share a thread with others; `'auto'` puts it there. Default: false. */
  shareable?: boolean | undefined;
  /** Name of the thread it shares with those that have the same name here. Default: `'shared'`. */
  sharedThread?: string | undefined;
  /** How long it may take to stop before it is ended, in milliseconds. Default: 5000. */
  stopGraceMs?: number | undefined;
  /** Whether it is started again when it ends on its own. Default: `'on-failure'` for `uber up`, `'never'` for tests. */
  restart?: RestartPolicyName | RestartOptions | undefined;
  /** True ends the run when the service is given up. Default: false. */
  critical?: boolean | undefined;
  /** True starts those that depend on it again after it has been. Default: false. */
  restartDependents?: boolean | undefined;
  /** Largest heap, in megabytes (V8's old generation). Default: 1024. */
  heapMb?: number | undefined;
  /**
   * How long its event loop may be blocked, in milliseconds, before the service is ended as failed; false for ever.
   * Default: 30000.
   */
  blockedMs?: number | false | undefined;
  /** What the service may do beside what it cannot do without. Default: everything. */
  permissions?: PermissionsOptions | undefined;
}

/** The default export of `uber.config.{ts,mts,js,mjs}`, or the content of `uber.config.json`. */
export interface UberConfigFile {
  /** Where the JSON Schema of a JSON configuration is; only editors read it. */
  $schema?: string | undefined;
  /** Name of a service -> its file or folder, or its options. Those in `services/*` need not be named. */
  services?: Record<string, string | ServiceOptions> | undefined;
  /** Name of a group -> services; select it with `@name`. */
  groups?: Record<string, string[]> | undefined;
  /** The address every service binds. Default: `127.0.0.1`, reachable from this machine only. */
  host?: string | undefined;
  /** Label that keeps runs apart. Default: `default`. */
  namespace?: string | undefined;
}

/** What a caller of the library or the command line may ask for. */
export interface UberOptions {
  /**
   * Which services: names, globs (`'acc*'`), groups (`'@core'`), `'!name'` to leave one out.
   * Default: all. What they depend on is added.
   */
  services?: readonly string[] | undefined;
  /** Where to look for the project. Default: the working directory. */
  cwd?: string | undefined;
  /** A configuration, or the path of a configuration file. Default: the `uber.config.*` of the project, if any. */
  config?: UberConfigFile | string | undefined;
  /** False starts only what is named. Default: true. */
  deps?: boolean | undefined;
  /** `KEY=value` for all services, `name.KEY=value` for one; wins over the shell and over files. */
  env?: readonly string[] | undefined;
  /** Files in the form of `.env`, for all services; they win over the shell. */
  envFiles?: readonly string[] | undefined;
  /** The address every service binds. Default: `127.0.0.1`. */
  host?: string | undefined;
  /** Label that keeps runs apart. Default: `default`. */
  namespace?: string | undefined;
  /** Where all services live, whatever the configuration says of each. */
  isolation?: PlacementChoice | undefined;
  /** What happens to services that end on their own, where the configuration does not say. Default: `'never'`. */
  restart?: RestartPolicyName | undefined;
  /** Keeps data directories and logs at the end. Default: false. */
  keep?: boolean | undefined;
}

/** One value of `--env`. */
export interface EnvOverride {
  /** Null: for all services. */
  readonly service: string | null;
  readonly key: string;
  readonly value: string;
}

/** Complete and frozen: what a run is made from. Paths are absolute. */
export interface UberConfig {
  readonly root: string;
  readonly configPath: string | null;
  readonly file: Readonly<UberConfigFile>;
  readonly selection: readonly string[];
  readonly withDependencies: boolean;
  readonly envOverrides: readonly EnvOverride[];
  readonly envFiles: readonly string[];
  readonly host: string;
  readonly namespace: string;
  /** Null: as the configuration says of each service. */
  readonly isolation: PlacementChoice | null;
  /** For services of which the configuration does not say. */
  readonly restart: RestartPolicyName;
  readonly keep: boolean;
}

/** Gives `uber.config.ts` its types; returns what it is given. */
export function defineConfig(config: UberConfigFile): UberConfigFile {
  return config;
}
