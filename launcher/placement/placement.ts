// Where incarnations live: one interface, one file a placement.
import type { RingStream } from '../log-ring.ts';
import type { FlowControl } from '../logs/log-pump.ts';
import type { LoadedModules, ModuleImage } from '../module-image.ts';
import type { BuildManifest, FromInside, ModuleCodes, SignOfLife, StartMessage } from '../protocol.ts';
import type { ServiceSpec } from '../types.ts';

/** What an incarnation is made from. */
export interface StartRequest {
  readonly message: StartMessage;
  /** The whole environment of the service: its own copy. */
  readonly env: Readonly<Record<string, string>>;
  /** Compiles a file that the service asks for while it runs. */
  readonly compile: (path: string) => Promise<BuildManifest | null>;
  readonly flow: FlowControl;
  /** What is known of its modules; null when Node is to find and compile them by itself. */
  readonly modules: ModuleImage | null;
  /** Largest heap (V8's old generation), in megabytes. */
  readonly heapMb: number;
  /** Name of the thread it shares with others, in placement `shared`. */
  readonly sharedThread: string;
  readonly events: IncarnationEvents;
}

/** What an incarnation tells; called in the order things happened, and never after `onExit`. */
interface IncarnationEvents {
  readonly onMessage: (message: FromInside) => void;
  readonly onOutput: (stream: RingStream, bytes: Buffer) => void;
  /** It writes so much that it is slowed down from now on; told once. */
  readonly onFlood: (bytesPerSecond: number) => void;
  readonly onExit: (exit: IncarnationExit) => void;
}

/** How an incarnation ended. */
export interface IncarnationExit {
  readonly exitCode: number;
  /** The signal that ended a process, else null. */
  readonly signal: NodeJS.Signals | null;
  /** The error that ended it, when the runtime itself reports one (out of memory, one that could not start). */
  readonly error: Error | null;
  /** The limit of its heap in megabytes; null when the service has set one itself. */
  readonly heapMb: number | null;
  /** Why the thread has ended that it shared with others; left out when it has ended alone. */
  readonly endedWith?: string;
}

/** What an incarnation uses, in bytes. */
export interface MemoryUse {
  /** JavaScript objects, those that nobody needs any more included. */
  readonly heapBytes: number;
  /** Buffers and other memory outside of the heap that belongs to its objects. */
  readonly externalBytes: number;
  /** V8's own limit of the heap. */
  readonly limitBytes: number;
}

/** Where the code of an incarnation is. */
export type Sighting = Seen & {
  /** True for the code of a thread of several services, where nobody can tell whose code it is. */
  readonly isOfThread?: boolean;
};

type Seen =
  /** The text of a stack. */
  | { readonly stack: string }
  /**
   * Not to be seen: it is in native code, its heap fills up, it is a process of its own, or somebody debugs the
   * launcher.
   */
  | { readonly stack: null; readonly hiddenBy: 'native' | 'memory' | 'process' | 'debugger' }
  /** In another service of the same thread. */
  | { readonly stack: null; readonly hiddenBy: 'other'; readonly service: string };

/** One life of an instance. */
export interface Incarnation {
  readonly pid: number;
  readonly threadId: number;
  /** Asks the service to end; what it makes of that shows in `onExit`. */
  stop(): void;
  /** How long its event loop has been idle so far, in milliseconds; null where that cannot be seen from outside. */
  idleMs(): number | null;
  /** True while it may have to wait for the reader of its output. */
  isHeldBack(): boolean;
  /** Asks its event loop for a sign of life. A loop that is blocked, or has ended, does not answer. */
  ping(wantsOpen: boolean): Promise<SignOfLife>;
  /** What it uses now, in bytes; null where that cannot be seen from outside, or when it does not answer. */
  memory(): Promise<MemoryUse | null>;
  /** Asks what it has loaded beyond its image; null where nobody keeps that. One that has ended does not answer. */
  loadedModules(): Promise<LoadedModules> | null;
  /** Asks what V8 has made of some of these modules; then it will not be asked again. */
  moduleCodes(paths: readonly string[]): Promise<ModuleCodes>;
  /** Looks where its code is now. */
  lookInside(): Promise<Sighting>;
  /** Ends all that share its thread, because nobody knows who is at fault; only where there are such. */
  endThread?(reason: string): void;
  /** Ends it now. Resolves after `onExit`. */
  terminate(): Promise<void>;
  /** The launcher itself ends this very moment: ends what would outlive it. */
  abandon(): void;
}

/** Makes incarnations. */
export interface Placement {
  /** A service is about to have its first incarnation: what takes long and needs nothing else may begin. */
  begin?(spec: ServiceSpec): void;
  start(request: StartRequest): Incarnation;
  /** Ends what was begun and not used. */
  dispose?(): Promise<void>;
}
