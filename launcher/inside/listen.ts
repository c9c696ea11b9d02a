// Moves every TCP server of a service: the first to the leased port, the others to free ones.
import { type EventEmitter, errorMonitor } from 'node:events';
import net from 'node:net';
import { stackHere } from './report.ts';
import { currentScope, type ServiceScope } from './scope.ts';

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

/** What a call of `listen` asks for, in whatever form it came. */
interface ListenRequest {
  readonly asked: number;
  /** Null when it leaves the address open. */
  readonly host: string | null;
  readonly backlog: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly callback: (() => void) | undefined;
}

const DEFAULT_BACKLOG = 511; // Node's own, net.Server.listen

/** Replaces `net.Server.prototype.listen`, which http, https, http2 and tls servers share. */
export function interceptListen(): void {
  const original = net.Server.prototype.listen;
  net.Server.prototype.listen = function listen(this: BindableServer, ...args: unknown[]): net.Server {
    const request = parseListen(args);
    // One that listens already is refused by Node itself.
    if (request === null || this.listening) return Reflect.apply(original, this, args);
    const scope = currentScope();
    const place = placeFor(scope, this, request);
    if (place === null) return this;
    watch(scope, this, place, request.asked);
    bind(this, { host: scope.start.host, port: place.port, request, original });
    return this;
  } as typeof original;
}

interface Place {
  readonly port: number;
  readonly isMain: boolean;
}

/** The port for a server; null when the request is refused. */
function placeFor(scope: ServiceScope, server: net.Server, { asked, host }: ListenRequest): Place | null {
  const { main } = scope;
  if (main === null || main.server === scope.ownServer || !(main.isOpening || main.server.listening)) {
    scope.ownServer?.close();
    scope.ownServer = null;
    scope.main = { server, asked, host, isOpening: true };
    scope.onMainListen?.();
    return { port: scope.start.port, isMain: true };
  }
  // Two addresses of one port (127.0.0.1 and ::1) are two servers to Node as well.
  const isSameHost = host === main.host || host === null || main.host === null;
  if (asked === 0 || asked !== main.asked || !isSameHost) {
    return { port: scope.start.extraPorts[asked] ?? 0, isMain: false };
  }
  refuse(scope, server, asked);
  return null;
}

/** Main is told while it still waits for the service to start; the program gets the error Node would give it. */
function refuse(scope: ServiceScope, server: net.Server, port: number): void {
  const message = `"${scope.start.service}" listens twice on its main port ${port}.`;
  scope.post({ type: 'failed', error: { code: 'LISTENED_TWICE', message, stack: stackHere(message) } });
  const error = new Error(`listen EADDRINUSE: address already in use :::${port}`);
  const details = { code: 'EADDRINUSE', syscall: 'listen', address: '::', port };
  setImmediate(() => server.emit('error', Object.assign(error, details)));
}

/** Tells main what becomes of the server. */
function watch(scope: ServiceScope, server: net.Server, { port, isMain }: Place, asked: number): void {
  const isStillMain = (): boolean => scope.main?.server === server;
  const onError = (error: NodeJS.ErrnoException): void => {
    server.off('listening', onListening);
    if (isMain && error.code === 'EADDRINUSE') scope.post({ type: 'port-stolen', port });
    if (isStillMain()) scope.main = null;
  };
  const onListening = (): void => {
    (server as EventEmitter).off(errorMonitor, onError);
    if (scope.main !== null && isStillMain()) scope.main.isOpening = false;
    scope.servers.add(server);
    // A program that looks for a free port opens a server and closes it at once: that is not worth telling.
    setImmediate(() => {
      const address = server.address();
      if (typeof address !== 'object' || address === null) return;
      const scheme = 'setSecureContext' in server ? 'https' : 'http';
      scope.post({ type: 'listening', isMain, asked, port: address.port, scheme });
    });
  };
  const onClose = (): void => {
    scope.servers.delete(server);
    if (!isStillMain()) return;
    scope.main = null;
    scope.post({ type: 'closed' });
  };
  // Only watched: an error that the program does not handle must still be one.
  (server as EventEmitter).once(errorMonitor, onError);
  server.prependOnceListener('listening', onListening);
  server.once('close', onClose);
}

interface BindRequest {
  host: string;
  port: number;
  request: ListenRequest;
  original: net.Server['listen'];
}

function bind(server: BindableServer, { host, port, request, original }: BindRequest): void {
  const { backlog, signal, callback } = request;
  // Without a host Node binds before `listen` returns, and programs rely on `address()` being there. Passing our host
  // to the original would make it look the name up first, so we bind the way it does itself.
  if (
    request.host === null &&
    signal === undefined &&
    net.isIP(host) !== 0 &&
    typeof server._listen2 === 'function'
  ) {
    if (callback !== undefined) server.once('listening', callback);
    server._listen2(host, port, host.includes(':') ? 6 : 4, backlog ?? DEFAULT_BACKLOG, undefined, 0);
    return;
  }
  const options: net.ListenOptions = { host, port, exclusive: true };
  if (backlog !== undefined) options.backlog = backlog;
  if (signal !== undefined) options.signal = signal;
  Reflect.apply(original, server, [options, callback]);
}

/** Null for what is not a TCP listen of our concern: a path, a handle, a descriptor, or a mistake Node will report. */
function parseListen(args: readonly unknown[]): ListenRequest | null {
  const callback = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
  const [first, second, third] = args;
  if (typeof first === 'object' && first !== null) return parseOptions(first as net.ListenOptions, callback);
  const asked = portOf(typeof first === 'function' ? undefined : first);
  if (asked === null) return null;
  const backlog = [second, third].find((arg) => typeof arg === 'number');
  return { asked, host: typeof second === 'string' ? second : null, backlog, signal: undefined, callback };
}

function parseOptions(options: net.ListenOptions, callback: (() => void) | undefined): ListenRequest | null {
  if ('fd' in options || '_handle' in options || 'handle' in options) return null;
  if (options.path !== undefined && options.port === undefined) return null;
  if (!('port' in options)) return null;
  const asked = portOf(options.port);
  if (asked === null) return null;
  return {
    asked,
    host: options.host ?? null,
    backlog: options.backlog,
    signal: options.signal,
    callback,
  };
}

function portOf(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return 0;
  const port =
    typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
      ? Number(value)
      : Number.NaN;
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : null;
}
