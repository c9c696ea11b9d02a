// What each service of the thread has open: sockets, watchers, threads. It is closed when the service ends.
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import net, { type Socket } from 'node:net';
import { constants } from 'node:os';
import workerThreads from 'node:worker_threads';
import { binding } from '../children.ts';
import { replaceMember, replaceMethod } from '../replace.ts';
import { ownerHere, scopeHere } from './scopes.ts';
import { isReferenced, type Opened, type SharedScope } from './shared-scope.ts';

/** The service that has made a request over HTTP: its socket may have been opened by another one. */
const requests = new WeakMap<object, SharedScope>();

/** From now on what is opened is known. Must run before any code of a service is loaded. */
export function keepHandles(): void {
  keepClosed(net.Server.prototype, 'listen', (server) => server);
  keepClosed(binding('process_wrap').Process.prototype, 'spawn', () => -constants.errno.ECANCELED);
  keepSockets();
  keepWatchers();
  keepThreads();
}

/** Closes all that a service has open, without asking it. */
export function closeHandles(scope: SharedScope): void {
  for (const server of [...scope.servers]) server.close();
  for (const socket of scope.sockets.live()) if (!isInUseByOthers(socket, scope)) socket.destroy();
  for (const opened of scope.opened.live()) opened.close();
}

/** One that has ended opens nothing any more: its port is the next one's. */
function keepClosed(owner: object, name: string, refused: (self: unknown) => unknown): void {
  replaceMethod(
    owner,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        return scopeHere().isEnded ? refused(this) : Reflect.apply(original, this, args);
      },
  );
}

/** Both ends of TCP and local sockets. */
function keepSockets(): void {
  const keep = (socket: Socket): void => {
    const owner = ownerHere();
    if (owner.isEnded) socket.destroy();
    else owner.sockets.add(socket);
  };
  replaceMethod(
    net.Socket.prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        keep(this as Socket);
        return Reflect.apply(original, this, args);
      },
  );
  subscribe('net.server.socket', (message) => keep((message as { socket: Socket }).socket));
  subscribe('http.client.request.created', (message) => {
    requests.set((message as { request: object }).request, ownerHere());
  });
  // The connections of `fetch` are one pool for all: they close by themselves soon after they were needed last.
  subscribe('undici:client:connected', (message) => {
    ownerHere().sockets.delete((message as { socket: Socket }).socket);
  });
  subscribe('udp.socket', (message) => {
    const { socket } = message as { socket: Closable };
    keepOpened('UDPWRAP', socket);
  });
}

interface Closable {
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Keeps what ends with the event `close`. */
function keepOpened(name: string, thing: Closable): void {
  let isGone = false;
  thing.once('close', () => {
    isGone = true;
  });
  keep({
    name,
    close: () => thing.close(),
    isGone: () => isGone,
    isActive: () => isReferenced(thing),
  });
}

function keep(opened: Opened): void {
  const owner = ownerHere();
  if (owner.isEnded) opened.close();
  else owner.opened.add(opened);
}

function isInUseByOthers(socket: Socket, scope: SharedScope): boolean {
  const request: unknown = Reflect.get(socket, '_httpMessage');
  if (typeof request !== 'object' || request === null) return false;
  const owner = requests.get(request);
  return owner !== undefined && owner !== scope && !owner.isEnded;
}

function keepWatchers(): void {
  replaceMethod(
    fs,
    'watch',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const watcher = Reflect.apply(original, this, args) as fs.FSWatcher;
        keepOpened('FSEventWrap', watcher);
        return watcher;
      },
  );
  replaceMethod(
    fs,
    'watchFile',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const watcher = Reflect.apply(original, this, args);
        const path = args[0] as fs.PathLike;
        const listener = args.findLast((arg) => typeof arg === 'function') as fs.StatsListener;
        let isGone = false;
        keep({
          name: 'StatWatcher',
          close: () => {
            isGone = true;
            fs.unwatchFile(path, listener);
          },
          isGone: () => isGone,
          isActive: () => false,
        });
        return watcher;
      },
  );
}

/** Threads that a service makes. */
function keepThreads(): void {
  const Original = workerThreads.Worker;
  class Worker extends Original {
    constructor(file: string | URL, options: workerThreads.WorkerOptions = {}) {
      super(file, options);
      let isGone = false;
      this.once('exit', () => {
        isGone = true;
      });
      keep({
        name: 'Worker',
        close: () => void this.terminate(),
        isGone: () => isGone,
        isActive: () => isReferenced(this),
      });
    }
  }
  replaceMember(workerThreads, 'Worker', Worker);
}
