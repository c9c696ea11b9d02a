// Moves every TCP server of a service: the first to the leased port, the others to free ones.
import { type EventEmitter, errorMonitor } from 'node:events';
import net from 'node:net';
import { type PortRequest, parseListen } from './listen-request.ts';
import { stackHere } from './report.ts';
import { currentScope, type ServiceScope } from './scope.ts';
import { trackConnections } from './stop.ts';
import { listenOnMoved } from './unix-sockets.ts';

/** `net.Server` with the method Node itself binds through; there since the first releases, under this name. */
type BindableServer = net.Server & {
  _listen2?: (
    address: string,
    port: number,
    addressType: 4 | 6,
    backlog: number,
    fd?: number,
    flags?: number,
  ) => void;
};

const DEFAULT_BACKLOG = 511; // Node's own, net.Server.listen

/** Replaces `net.Server.prototype.listen`, which http, https, http2 and tls servers share. */
export function interceptListen(): void {
  const original = net.Server.prototype.listen;
  net.Server.prototype.listen = function listen(this: BindableServer, ...args: unknown[]): net.Server {
    const request = parseListen(args);
    // One that listens already is refused by Node itself.
    if (request === null || this.listening) return Reflect.apply(original, this, args);
    const scope = currentScope();
    if (request.kind === 'path') return listenOnMoved(this, request, original);
    const place = placeFor(scope, this, request);
    if (place === null) return this;
    watch(scope, this, place, request);
    bind(this, { host: scope.start.host, port: place.port, request, original });
    return this;
  } as typeof original;
}

interface Place {
  readonly port: number;
  readonly isMain: boolean;
}

/** The port for a server; null when the request is refused. */
function placeFor(scope: ServiceScope, server: net.Server, { asked, host }: PortRequest): Place | null {
  const { main, start } = scope;
  const isFree = main === null || main.server === scope.ownServer || !(main.isOpening || isOpen(main.server));
  if (isFree && mayBeMain(scope, asked)) {
    scope.ownServer?.close();
    scope.ownServer = null;
    scope.main = { server, asked, host, isOpening: true };
    scope.onMainListen?.();
    return { port: start.port, isMain: true };
  }
  // Two addresses of one port (127.0.0.1 and ::1) are two servers to Node as well.
  const isSameHost = main !== null && (host === main.host || host === null || main.host === null);
  if (asked === 0 || asked !== main?.asked || !isSameHost) {
    return { port: scope.given.get(asked) ?? 0, isMain: false };
  }
  refuse(scope, server, asked);
  return null;
}

function isOpen(server: net.Server): boolean {
  return server.listening || lentToCluster.has(server);
}

/** The first server is the main one, unless something says that another port is meant. */
function mayBeMain({ start, isNested }: ServiceScope, asked: number): boolean {
  if (asked === start.port || asked === start.mainPort) return true;
  return !isNested && start.mainPort === null && start.build?.readsPort !== true;
}

/**
 * The program was thought to listen on `PORT` later, and does not: its first server takes calls on the leased port as
 * well.
 */
export function shareMainPort(scope: ServiceScope): void {
  const [server] = scope.extras;
  if (server === undefined || scope.main !== null) return;
  const alias = net.createServer({ allowHalfOpen: true }, (socket) => void server.emit('connection', socket));
  schemes.set(alias, schemeOf(server));
  alias.listen(scope.start.port);
  scope.ownServer = alias;
}

const schemes = new WeakMap<net.Server, 'http' | 'https'>();

function schemeOf(server: net.Server): 'http' | 'https' {
  return schemes.get(server) ?? ('setSecureContext' in server ? 'https' : 'http');
}

/** The program gets the error Node would give it; main is told when nobody is there to take it. */
function refuse(scope: ServiceScope, server: net.Server, port: number): void {
  const message = `"${scope.start.service}" listens twice on its main port ${port}.`;
  // A program that expects it tries another port.
  const isExpected = server.listenerCount('error') > 0;
  if (!isExpected)
    scope.link.post({
      type: 'failed',
      error: { code: 'LISTENED_TWICE', message, stack: stackHere(message) },
    });
  const error = new Error(`listen EADDRINUSE: address already in use :::${port}`);
  const details = { code: 'EADDRINUSE', syscall: 'listen', address: '::', port };
  setImmediate(() => server.emit('error', Object.assign(error, details)));
}

/** Servers that no longer hold their handle, which is as open as before. */
const lentToCluster = new WeakSet<net.Server>();

/** Tells main what becomes of the server. */
function watch(
  scope: ServiceScope,
  server: net.Server,
  { port, isMain }: Place,
  { asked, isForCluster }: PortRequest,
): void {
  const isStillMain = (): boolean => scope.main?.server === server;
  const onError = (error: NodeJS.ErrnoException): void => {
    server.off('listening', onListening);
    const isTaken = error.code === 'EADDRINUSE' && (isMain || scope.start.extraPorts[asked] === port);
    if (isTaken) scope.link.post({ type: 'port-stolen', asked: isMain ? null : asked });
    if (isStillMain()) scope.main = null;
  };
  const onListening = (): void => {
    (server as EventEmitter).off(errorMonitor, onError);
    if (scope.main !== null && isStillMain()) scope.main.isOpening = false;
    scope.servers.add(server);
    trackConnections(server);
    if (isForCluster) lentToCluster.add(server);
    if (!isMain) scope.extras.add(server);
    const address = server.address();
    if (typeof address !== 'object' || address === null) return;
    if (asked !== 0 && !isMain) scope.given.set(asked, address.port);
    // A program that looks for a free port opens a server and closes it at once: that is not worth telling.
    setImmediate(() => {
      if (!scope.servers.has(server)) return;
      scope.link.post({ type: 'listening', isMain, asked, port: address.port, scheme: schemeOf(server) });
    });
  };
  const onClose = (): void => {
    scope.servers.delete(server);
    scope.extras.delete(server);
    if (!isStillMain()) return;
    scope.main = null;
    scope.link.post({ type: 'closed' });
  };
  // Only watched: an error that the program does not handle must still be one.
  (server as EventEmitter).once(errorMonitor, onError);
  server.prependOnceListener('listening', onListening);
  server.once('close', onClose);
}

interface BindRequest {
  host: string;
  port: number;
  request: PortRequest;
  original: net.Server['listen'];
}

function bind(server: BindableServer, { host, port, request, original }: BindRequest): void {
  const { backlog, signal, callback } = request;
  // Without a host Node binds before `listen` returns, and programs rely on `address()` being there. Passing our host
  // to the original would make it look the name up first, even an address, for 5 ms of every service: so we bind the way
  // it does itself.
  if (signal === undefined && net.isIP(host) !== 0 && typeof server._listen2 === 'function') {
    if (callback !== undefined) server.once('listening', callback);
    server._listen2(host, port, host.includes(':') ? 6 : 4, backlog ?? DEFAULT_BACKLOG, undefined, 0);
    return;
  }
  const options: net.ListenOptions = { host, port, exclusive: true };
  if (backlog !== undefined) options.backlog = backlog;
  if (signal !== undefined) options.signal = signal;
  Reflect.apply(original, server, [options, callback]);
}
