// How a service stops: its own hook, its own signal handlers, else its servers are closed for it.
import type { Server, Socket } from 'node:net';
import type { SignOfLife } from '../protocol.ts';
import { endChildren } from './children.ts';
import { openResources, openServers } from './open-handles.ts';
import { emitSignal } from './process-api.ts';
import { errorData } from './report.ts';
import type { ServiceScope } from './scope.ts';

/** Pause between two looks for connections that have become idle, in milliseconds. */
const IDLE_CHECK_MS = 25;

/** Asks the service to end. The thread ends when it has; main ends it when it takes too long. */
export async function stopService(scope: ServiceScope): Promise<void> {
  if (scope.stopStep !== null) return;
  scope.stopStep = 'hook';
  scope.abort.abort();
  const hasCleanedUp = await runHook(scope);
  const notClosed = openServers(scope);
  const signal = (['SIGTERM', 'SIGINT'] as const).find((name) => process.listenerCount(name) > 0);
  const closed = Promise.all([...scope.servers].map((server) => closeServer(server, signal === undefined)));
  if (signal !== undefined) {
    // As in a process of its own: the handler decides when it is over.
    scope.stopStep = 'signal';
    emitSignal(signal);
    return;
  }
  scope.stopStep = 'servers';
  await closed;
  if (hasCleanedUp) await tellLeftOpen(scope, notClosed);
  await endChildren(scope);
  process.exit();
}

/** What main is told when it asks. */
export function signOfLife(scope: ServiceScope, wantsOpen: boolean): SignOfLife {
  return { open: wantsOpen ? openResources(scope) : null, stopStep: scope.stopStep };
}

/** True when there is a hook and it has done its work. */
async function runHook(scope: ServiceScope): Promise<boolean> {
  try {
    await scope.stopHook?.();
    return scope.stopHook !== null;
  } catch (error) {
    scope.link.post({ type: 'stop-failed', error: errorData(error) });
    return false;
  }
}

/** Only for those that clean up: whoever has no code for its stop is ended by us, and need not hear of it. */
async function tellLeftOpen(scope: ServiceScope, servers: readonly string[]): Promise<void> {
  // What was closed a moment ago is gone after a turn of the event loop, and the end of its requests after another.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const open = [...servers, ...openResources(scope)];
  if (open.length > 0) scope.link.post({ type: 'left-open', open });
}

/** Server-sent events (HTML standard, 9.2). */
const EVENT_STREAM = /^content-type: *text\/event-stream/im;

const connections = new WeakMap<Server, Set<Socket>>();

/** Knows from now on who is connected to a server. */
export function trackConnections(server: Server): void {
  // HTTP/2 ends its sessions itself, each after its last stream.
  if (server.constructor.name.startsWith('Http2') || connections.has(server)) return;
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

/**
 * Ends those that wait for no answer: idle ones, WebSockets and other protocols, streams of events that would never end.
 * `_httpMessage` is the answer that Node is about to write to a socket, and `_header` its head once it is written; both
 * are there since its first releases.
 */
function endIdle(server: Server): void {
  for (const socket of connections.get(server) ?? []) {
    const { _httpMessage: answer } = socket as Socket & { _httpMessage?: { _header?: string | null } | null };
    const isAwaited = answer != null && !EVENT_STREAM.test(answer._header ?? '');
    if (!isAwaited) socket.destroy();
  }
}

/** Takes no new connections, ends the idle ones at once and the others after their answer. */
function closeServer(server: Server, isOurs: boolean): Promise<void> {
  // With a signal handler the service closes its servers itself; a second close would be an error there.
  if (!isOurs) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setInterval(() => endIdle(server), IDLE_CHECK_MS);
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
    endIdle(server);
  });
}
