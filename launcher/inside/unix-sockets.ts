// Unix sockets and named pipes of a service are moved into its data directory: two services, or two runs, may ask for
// the same path. The service itself finds them where it asked for them.

import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { movedSocketPath } from '../platform.ts';
import { absolute, resolvePathsInScope } from './fs-paths.ts';
import type { PathRequest } from './listen-request.ts';
import { replaceMethod } from './replace.ts';
import { currentScope, type ServiceScope } from './scope.ts';

/** Lets a server listen on another path than it asks for. */
export function listenOnMoved(
  server: net.Server,
  { path, argsFor }: PathRequest,
  listen: net.Server['listen'],
): net.Server {
  const scope = currentScope();
  const asked = absolute(path, scope.start.cwd);
  const moved = move(scope, asked);
  server.prependOnceListener('listening', () => {
    scope.servers.add(server);
    scope.link.post({ type: 'socket', asked: path, path: moved });
  });
  server.once('close', () => scope.servers.delete(server));
  return Reflect.apply(listen, server, argsFor(moved)) as net.Server;
}

function move(scope: ServiceScope, asked: string): string {
  const known = scope.movedSockets.get(asked);
  if (known !== undefined) return known;
  const { dataDir, runId, port } = scope.start;
  const path = movedSocketPath(asked, {
    dataDir,
    // Not its name, which may be long: the port is no other service's either.
    label: `${runId}-${port}`,
    count: scope.movedSockets.size,
  });
  scope.movedSockets.set(asked, path);
  followMoves();
  return path;
}

let isFollowing = false;

/** What connects to the old path, removes a stale socket there or changes its mode, means the new one. */
function followMoves(): void {
  if (isFollowing) return;
  isFollowing = true;
  replaceMethod(
    net.Socket.prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(original, this, [redirected(args[0]), ...args.slice(1)]);
      },
  );
  resolvePathsInScope();
  syncBuiltinESMExports();
}

/** `connect` takes a path, options, or (from `net.connect`) the list of both in Node's own normal form. */
function redirected(target: unknown): unknown {
  const { start, movedSockets } = currentScope();
  if (typeof target === 'string') return movedSockets.get(absolute(target, start.cwd)) ?? target;
  if (Array.isArray(target)) {
    target[0] = redirected(target[0]);
    return target;
  }
  const path = (target as { path?: unknown } | null)?.path;
  const moved = typeof path === 'string' ? redirected(path) : path;
  return moved === path ? target : { ...(target as object), path: moved };
}
