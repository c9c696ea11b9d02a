// What a call of `listen` asks for, in whatever form it came.
import type net from 'node:net';

/** A TCP listen. */
export interface PortRequest {
  readonly kind: 'port';
  readonly asked: number;
  /** Null when it leaves the address open. */
  readonly host: string | null;
  readonly backlog: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly callback: (() => void) | undefined;
  /** True when `node:cluster` asks on behalf of its workers: it takes the handle away from the server then. */
  readonly isForCluster: boolean;
}

/** A listen on a Unix socket or a named pipe. */
export interface PathRequest {
  readonly kind: 'path';
  readonly path: string;
  /** The same call for another path. */
  readonly argsFor: (path: string) => unknown[];
}

/** Null for what is not of our concern: a handle, a descriptor, or a mistake that Node will report. */
export function parseListen(args: readonly unknown[]): PortRequest | PathRequest | null {
  const callback = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
  const [first, second, third] = args;
  if (typeof first === 'object' && first !== null)
    return parseOptions(first as net.ListenOptions, callback, args);
  const asked = portOf(typeof first === 'function' ? undefined : first);
  if (asked === null) return typeof first === 'string' ? pathRequest(first, args) : null;
  const backlog = [second, third].find((arg) => typeof arg === 'number');
  return {
    kind: 'port',
    asked,
    host: typeof second === 'string' ? second : null,
    backlog,
    signal: undefined,
    callback,
    isForCluster: false,
  };
}

function parseOptions(
  options: net.ListenOptions,
  callback: (() => void) | undefined,
  args: readonly unknown[],
): PortRequest | PathRequest | null {
  if ('fd' in options || '_handle' in options || 'handle' in options) return null;
  if (typeof options.path === 'string' && options.port === undefined) {
    return {
      kind: 'path',
      path: options.path,
      argsFor: (path) => [{ ...options, path }, ...args.slice(1)],
    };
  }
  if (!('port' in options)) return null;
  const asked = portOf(options.port);
  if (asked === null) return null;
  const { host, backlog, signal } = options;
  // As its RoundRobinHandle calls it; hardly anybody else gives all of these.
  const isForCluster = Object.keys(options).join() === 'port,host,ipv6Only,backlog' && callback === undefined;
  return { kind: 'port', asked, host: host ?? null, backlog, signal, callback, isForCluster };
}

function pathRequest(path: string, args: readonly unknown[]): PathRequest {
  return { kind: 'path', path, argsFor: (moved) => [moved, ...args.slice(1)] };
}

/** Null when it is none. */
export function portOf(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return 0;
  const port =
    typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
      ? Number(value)
      : Number.NaN;
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : null;
}
