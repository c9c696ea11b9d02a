// How a service stops: its own hook, its own signal handlers, else its servers are closed for it.
import type { Server, Socket } from 'node:net';
import { endChildren } from './children.ts';
import { emitSignal } from './process-api.ts';
import { errorData } from './report.ts';
import type { ServiceScope } from './scope.ts';

/** Pause between two looks for connections that have become idle, in milliseconds. */
const IDLE_CHECK_MS = 25;

/** Asks the service to end. The thread ends when it has; main ends it when it takes too long. */
export async function stopService(scope: ServiceScope): Promise<void> {
  if (scope.isStopping) return;
  scope.isStopping = true;
  scope.abort.abort();
  await runHook(scope);
  const signal = (['SIGTERM', 'SIGINT'] as const).find((name) => process.listenerCount(name) > 0);
  const closed = Promise.all([...scope.servers].map((server) => closeServer(server, signal === undefined)));
  if (signal !== undefined) {
    // As in a process of its own: the handler decides when it is over.
    emitSignal(signal);
    return;
  }
  await closed;
  await endChildren(scope);
  process.exit();
}

async function runHook(scope: ServiceScope): Promise<void> {
  try {
    await scope.stopHook?.();
  } catch (error) {
    const { message, stack } = errorData(error);
    process.stderr.write(`stop failed: ${stack ?? message}\n`);
  }
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
