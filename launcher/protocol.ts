// The messages between main and an incarnation. Plain data only: it must survive a structured clone.
import type { MessagePort } from 'node:worker_threads';
import type { ErrorData } from './errors.ts';
import type { LoadedModules, ModuleImage } from './module-image.ts';
import type { Permissions } from './types.ts';

/** How one file of a service is loaded inside its thread. */
export interface CompiledFile {
  readonly format: 'module' | 'commonjs';
  /** Absolute path of the compiled JavaScript in the build cache. */
  readonly path: string;
}

/** What the build room made of one service. Keys are `file:` URLs. */
export interface BuildManifest {
  readonly files: Readonly<Record<string, CompiledFile>>;
  /** Importing file -> specifier -> resolved URL, only where Node would resolve it differently or not at all. */
  readonly edges: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** True when the sources of the service call `listen` themselves, or could not be read. */
  readonly callsListen: boolean;
  /** True when they read `PORT` of the environment: then a server on another port is not the main one. */
  readonly readsPort: boolean;
  /** Place and text of a syntax error in JavaScript: Node reports those of ES modules without them. */
  readonly mistake: string | null;
}

/** Everything an incarnation is told when it begins. Its environment travels beside it. */
export interface StartMessage {
  readonly service: string;
  readonly entry: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly host: string;
  readonly port: number;
  /** The port whose server is the main one, when the configuration says so. */
  readonly mainPort: number | null;
  /** Ports leased for servers beside the main one, or given to earlier incarnations: asked -> given. */
  readonly extraPorts: Readonly<Record<string, number>>;
  readonly resourceDir: string;
  readonly dataDir: string;
  readonly runId: string;
  readonly namespace: string;
  /** Name of each service of the run -> its URL. */
  readonly urls: Readonly<Record<string, string>>;
  /** Name of each service -> name of a port beside its main one -> its URL. */
  readonly portUrls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly build: BuildManifest | null;
  /** Where Node keeps what it has compiled of the modules that it loads itself; null: nowhere. */
  readonly compileCache: string | null;
  /** All it may do, with what it cannot do without; null: nothing is refused. */
  readonly permissions: Permissions | null;
}

/** From main to the incarnation. */
export type ToInside =
  | { readonly type: 'stop' }
  /** Answered by `pong` as soon as its event loop turns. */
  | { readonly type: 'ping'; readonly wantsOpen: boolean }
  /** Answered by `modules`, the code of some by `codes`; after an empty list it will not be asked again. */
  | { readonly type: 'modules' }
  | { readonly type: 'codes'; readonly paths: readonly string[] }
  /** Answer to `compile`; `build` holds the file that was asked for and what it imports. */
  | { readonly type: 'compiled'; readonly build: BuildManifest | null; readonly error: string | null };

/** What a service does about its stop: runs its hook, has called its signal handlers, or waits for its servers. */
export type StopStep = 'hook' | 'signal' | 'servers';

/** What an incarnation tells of itself when it is asked. */
export interface SignOfLife {
  /** What keeps it alive, one phrase each; null when that was not asked. */
  readonly open: readonly string[] | null;
  /** How far its stop has come; null before it was asked to stop. */
  readonly stopStep: StopStep | null;
}

/** From the incarnation to main. */
export type FromInside =
  /** A TCP server is bound. `isMain` tells the leased port from the others. */
  | {
      readonly type: 'listening';
      readonly isMain: boolean;
      readonly asked: number;
      readonly port: number;
      readonly scheme: 'http' | 'https';
    }
  /** A UDP socket is bound, where the program asked for it. */
  | { readonly type: 'udp'; readonly port: number }
  /** A server listens on a Unix socket or named pipe, moved out of the way of others. */
  | { readonly type: 'socket'; readonly asked: string; readonly path: string }
  /** The main server was closed; the program may listen again. */
  | { readonly type: 'closed' }
  /** Its turn in a shared thread has come: it begins to load. */
  | { readonly type: 'begun' }
  /** The module is loaded and its `start` has settled. */
  | { readonly type: 'started' }
  /** A leased port was taken by somebody else: the main one, or (`asked`) the one of another server. */
  | { readonly type: 'port-stolen'; readonly asked: number | null }
  /** It cannot start; nothing more will come. */
  | { readonly type: 'failed'; readonly error: ErrorData }
  /** An error nobody caught. The thread ends unless the service has a handler of its own. */
  | { readonly type: 'uncaught'; readonly error: ErrorData; readonly isRejection: boolean }
  /** The service called `process.exit`. */
  | { readonly type: 'exit'; readonly exitCode: number; readonly stack: string }
  /** A TypeScript file that no static import led to: the thread waits for `compiled`. */
  | { readonly type: 'compile'; readonly path: string }
  /** Answer to `ping`, in the order they came. */
  | ({ readonly type: 'pong' } & SignOfLife)
  /** What it has loaded beyond its image. */
  | { readonly type: 'modules'; readonly loaded: LoadedModules }
  /** What V8 has compiled of modules that were asked for. */
  | { readonly type: 'codes'; readonly codes: ModuleCodes }
  /** Its stop hook has thrown or rejected. */
  | { readonly type: 'stop-failed'; readonly error: ErrorData }
  /** It uses the one instance of a package that another service of its thread uses too. */
  | { readonly type: 'singleton'; readonly what: string; readonly other: string; readonly advice: string }
  /** Its stop hook has settled, and this is still there: one phrase each. */
  | { readonly type: 'left-open'; readonly open: readonly string[] }
  /** A child process has begun; it must not outlive the incarnation. */
  | { readonly type: 'child'; readonly pid: number }
  | { readonly type: 'child-ended'; readonly pid: number };

/** V8's code cache of some modules. */
export type ModuleCodes = readonly (readonly [path: string, code: Uint8Array])[];

/** The ends of what connects a thread with whoever made it. */
export interface ThreadWires {
  /** Carries {@link ToInside} and {@link FromThread}. */
  readonly control: MessagePort;
  /** Memory of the {@link LogRing}; null where the thread's output takes its usual way. */
  readonly logs: SharedArrayBuffer | null;
  /** One counter: it grows by one for each answer to `compile`, so that the waiting thread wakes. */
  readonly answers: SharedArrayBuffer;
}

/** What a thread may send: a message, the wake-up call of its log ring, or a thread that the service has made. */
export type FromThread = FromInside | null | ({ readonly type: 'thread' } & ThreadWires);

/** What travels in `workerData` of a service's thread; taken away before the service's own code runs. */
export interface WorkerBoot extends ThreadWires {
  readonly start: StartMessage;
  /** Null for a service that may not read everything: Node is to ask for each file. */
  readonly modules: ModuleImage | null;
}

/** What travels in `workerData` of a thread of several services. */
export interface GroupBoot {
  /** Carries {@link ToGroup} and {@link FromGroup}. */
  readonly control: MessagePort;
}

/** From main to a thread of several services; what concerns one service alone takes that service's own wires. */
export type ToGroup =
  /** A service begins. `id` tells this life of it from all others. */
  | {
      readonly type: 'begin';
      readonly id: number;
      readonly start: StartMessage;
      readonly env: Readonly<Record<string, string>>;
      readonly wires: ThreadWires;
    }
  /** The service is to end now, without being asked. */
  | { readonly type: 'end'; readonly id: number };

/** From such a thread to main. */
export type FromGroup =
  /** The service has ended; what it had open is closed. */
  | { readonly type: 'ended'; readonly id: number; readonly exitCode: number }
  /** An error that belongs to no single service ends the thread. */
  | { readonly type: 'crashed'; readonly error: ErrorData };

/** What travels in `workerData` of a thread that is made before it is known what it is told. */
export interface EarlyBoot {
  /** Gets one {@link LateBoot}, and is closed. */
  readonly port: MessagePort;
  /** One counter: 1 when that is there. */
  readonly wake: SharedArrayBuffer;
}

/** What such a thread is told, with its environment. */
export interface LateBoot {
  readonly boot: WorkerBoot;
  readonly env: Readonly<Record<string, string>>;
}

/** What travels in `workerData` of a thread that a service makes, around the service's own. */
export interface NestedBoot extends ThreadWires {
  readonly start: StartMessage;
  /** True when its standard output goes through the log ring; false when the service reads it itself. */
  readonly streams: { readonly stdout: boolean; readonly stderr: boolean };
  /** What the thread is to find in its `workerData`. */
  readonly data: unknown;
}

/** Descriptors of a service in a process of its own: messages in both directions, and answers that are waited for. */
export const CONTROL_FD = 3;
export const ANSWERS_FD = 4;
