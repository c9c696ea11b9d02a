// Everything the launcher knows of one service inside its thread. There is no module-level "current service":
// code asks `currentScope`.
import type { Server } from 'node:net';
import type { FromInside, StartMessage } from '../protocol.ts';

/** One service of this thread. */
export interface ServiceScope {
  readonly start: StartMessage;
  /** Sends a message to main. */
  readonly post: (message: FromInside) => void;
  /** Every server that listens. */
  readonly servers: Set<Server>;
  /** The server on the leased port, and what the program asked for when it opened it. */
  main: {
    readonly server: Server;
    readonly asked: number;
    readonly host: string | null;
    isOpening: boolean;
  } | null;
  /** The server the launcher made for an exported app; gives way when the program listens by itself. */
  ownServer: Server | null;
  /** Called at the first listen on the leased port. */
  onMainListen: (() => void) | null;
  /** `stop` of the service's definition. */
  stopHook: (() => unknown) | null;
  readonly abort: AbortController;
  /** Until the module is loaded: an error in it is no crash but a service that cannot be loaded. */
  isLoading: boolean;
  isStopping: boolean;
}

let only: ServiceScope | null = null;

/** Makes the scope of the one service of this thread. */
export function openScope(start: StartMessage, post: ServiceScope['post']): ServiceScope {
  only = {
    start,
    post,
    servers: new Set(),
    main: null,
    ownServer: null,
    onMainListen: null,
    stopHook: null,
    abort: new AbortController(),
    isLoading: true,
    isStopping: false,
  };
  return only;
}

/** The service on whose behalf the caller runs. */
export function currentScope(): ServiceScope {
  if (only === null) throw new Error('no service has been opened in this thread');
  return only;
}
