// Everything the launcher knows of one service inside its thread or process. There is no module-level "current
// service": code asks `currentScope`.
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import type { BuildManifest, FromInside, StartMessage, StopStep } from '../protocol.ts';

/** What connects a service with main. */
export interface Link {
  /** Sends a message. */
  readonly post: (message: FromInside) => void;
  /** Asks for a file that no static import led to; blocks until the answer is there. Throws when it has a mistake. */
  readonly compile: (path: string) => BuildManifest;
}

/** One service of this thread. */
export interface ServiceScope {
  readonly start: StartMessage;
  readonly link: Link;
  /** True in a thread that the service has made itself. */
  readonly isNested: boolean;
  /** Every server that listens. */
  readonly servers: Set<Server>;
  /** The server on the leased port, and what the program asked for when it opened it. */
  main: {
    readonly server: Server;
    readonly asked: number;
    readonly host: string | null;
    isOpening: boolean;
  } | null;
  /** Servers beside the main one, in the order they were opened. */
  readonly extras: Set<Server>;
  /** Ports of servers beside the main one: asked -> given. */
  readonly given: Map<number, number>;
  /** Child processes that must not outlive the service; only in a thread. */
  readonly children: Set<ChildProcess>;
  /** Unix sockets and named pipes: where the program asked for them -> where they are. */
  readonly movedSockets: Map<string, string>;
  /** The server the launcher made for an exported app; gives way when the program listens by itself. */
  ownServer: Server | null;
  /** Called at the first listen on the leased port. */
  onMainListen: (() => void) | null;
  /** `stop` of the service's definition. */
  stopHook: (() => unknown) | null;
  readonly abort: AbortController;
  /** Until the module is loaded: an error in it is no crash but a service that cannot be loaded. */
  isLoading: boolean;
  /** How far its stop has come; null before it was asked to stop. */
  stopStep: StopStep | null;
  /** What of the service is open, in the words of `process.getActiveResourcesInfo`; null where it has all of them. */
  readonly openNames: (() => string[]) | null;
  /** Ends the service and returns; null where `process.exit` does it. */
  readonly end: ((exitCode: number) => void) | null;
}

let only: ServiceScope | null = null;
let find: (() => ServiceScope) | null = null;

/** For a thread of several services: says on whose behalf the caller runs. */
export function findScopes(by: () => ServiceScope): void {
  find = by;
}

/** Makes the scope of the one service of this thread. */
export function openScope(start: StartMessage, link: Link, isNested = false): ServiceScope {
  only = makeScope(start, link, { isNested });
  return only;
}

/** Makes a scope. Who makes more than one says by {@link findScopes} which is meant when. */
export function makeScope(
  start: StartMessage,
  link: Link,
  {
    isNested = false,
    openNames = null,
    end = null,
  }: Partial<Pick<ServiceScope, 'isNested' | 'openNames' | 'end'>> = {},
): ServiceScope {
  return {
    start,
    link,
    isNested,
    servers: new Set(),
    main: null,
    extras: new Set(),
    given: new Map(Object.entries(start.extraPorts).map(([asked, port]) => [Number(asked), port])),
    children: new Set(),
    movedSockets: new Map(),
    ownServer: null,
    onMainListen: null,
    stopHook: null,
    abort: new AbortController(),
    isLoading: true,
    stopStep: null,
    openNames,
    end,
  };
}

/** The service on whose behalf the caller runs. */
export function currentScope(): ServiceScope {
  if (find !== null) return find();
  if (only === null) throw new Error('no service has been opened in this thread');
  return only;
}
