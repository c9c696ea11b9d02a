// Where incarnations live: one interface, one file a placement.
import type { RingStream } from '../log-ring.ts';
import type { FlowControl } from '../logs/log-pump.ts';
import type { BuildManifest, FromInside, StartMessage } from '../protocol.ts';

/** What an incarnation is made from. */
export interface StartRequest {
  readonly message: StartMessage;
  /** The whole environment of the service: its own copy. */
  readonly env: Readonly<Record<string, string>>;
  /** Compiles a file that the service asks for while it runs. */
  readonly compile: (path: string) => Promise<BuildManifest | null>;
  readonly flow: FlowControl;
  readonly events: IncarnationEvents;
}

/** What an incarnation tells; called in the order things happened, and never after `onExit`. */
interface IncarnationEvents {
  readonly onMessage: (message: FromInside) => void;
  readonly onOutput: (stream: RingStream, bytes: Buffer) => void;
  readonly onExit: (exit: IncarnationExit) => void;
}

/** How an incarnation ended. */
export interface IncarnationExit {
  readonly exitCode: number;
  /** The signal that ended a process, else null. */
  readonly signal: NodeJS.Signals | null;
  /** The error that ended it, when the runtime itself reports one (out of memory, one that could not start). */
  readonly error: Error | null;
}

/** One life of an instance. */
export interface Incarnation {
  readonly pid: number;
  readonly threadId: number;
  /** Asks the service to end; what it makes of that shows in `onExit`. */
  stop(): void;
  /** Ends it now. Resolves after `onExit`. */
  terminate(): Promise<void>;
  /** The launcher itself ends this very moment: ends what would outlive it. */
  abandon(): void;
}

/** Makes incarnations. */
export interface Placement {
  start(request: StartRequest): Incarnation;
}
