// The messages between main and an incarnation. Plain data only: it must survive a structured clone.
import type { ErrorData } from './errors.ts';

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
}

/** Everything an incarnation is told when it begins. Its environment travels beside it. */
export interface StartMessage {
  readonly service: string;
  readonly entry: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly host: string;
  readonly port: number;
  /** Ports given to earlier incarnations for what they asked: asked -> given. */
  readonly extraPorts: Readonly<Record<string, number>>;
  readonly resourceDir: string;
  readonly dataDir: string;
  readonly runId: string;
  readonly namespace: string;
  /** Name of each service of the run -> its URL. */
  readonly urls: Readonly<Record<string, string>>;
  readonly build: BuildManifest | null;
}

/** From main to the incarnation. */
export type ToInside =
  | { readonly type: 'stop' }
  /** Answer to `compile`; `build` holds the file that was asked for and what it imports. */
  | { readonly type: 'compiled'; readonly build: BuildManifest | null; readonly error: string | null };

/** From the incarnation to main; the wake-up call of the log ring is a bare `null`. */
export type FromInside =
  /** A TCP server is bound. `isMain` tells the leased port from the others. */
  | {
      readonly type: 'listening';
      readonly isMain: boolean;
      readonly asked: number;
      readonly port: number;
      readonly scheme: 'http' | 'https';
    }
  /** The main server was closed; the program may listen again. */
  | { readonly type: 'closed' }
  /** The module is loaded and its `start` has settled. */
  | { readonly type: 'started' }
  /** The leased port was taken by somebody else. */
  | { readonly type: 'port-stolen'; readonly port: number }
  /** It cannot start; nothing more will come. */
  | { readonly type: 'failed'; readonly error: ErrorData }
  /** An error nobody caught. The thread ends unless the service has a handler of its own. */
  | { readonly type: 'uncaught'; readonly error: ErrorData }
  /** The service called `process.exit`. */
  | { readonly type: 'exit'; readonly exitCode: number; readonly stack: string }
  /** A TypeScript file that no static import led to: the thread waits for `compiled`. */
  | { readonly type: 'compile'; readonly path: string };

/** What travels in `workerData`; taken away before the service's own code runs. */
export interface WorkerBoot {
  readonly start: StartMessage;
  /** Control port: carries {@link ToInside} and {@link FromInside}. */
  readonly control: import('node:worker_threads').MessagePort;
  /** Memory of the {@link LogRing}. */
  readonly logs: SharedArrayBuffer;
  /** One counter: main adds one for each answer to `compile`, so that the waiting thread wakes. */
  readonly answers: SharedArrayBuffer;
}
