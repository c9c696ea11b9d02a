// UDP sockets are left where a service binds them; main is told, so that they can be shown.
import { subscribe } from 'node:diagnostics_channel';
import { portOf } from './listen-request.ts';
import { currentScope } from './scope.ts';

interface DatagramSocket {
  bind(...args: unknown[]): unknown;
  address(): { port: number };
  once(event: 'listening', listener: () => void): unknown;
}

/** Notes every UDP port that is asked for. Costs nothing in a service that has none: `dgram` is not loaded. */
export function noteDatagrams(): void {
  subscribe('udp.socket', (message) => {
    const { socket } = message as { socket: DatagramSocket };
    const { bind } = socket;
    socket.bind = (...args) => {
      // A socket that only sends is bound to any port.
      if (wantsPort(args[0]))
        socket.once('listening', () =>
          currentScope().link.post({ type: 'udp', port: socket.address().port }),
        );
      return Reflect.apply(bind, socket, args);
    };
  });
}

function wantsPort(first: unknown): boolean {
  const port = portOf(typeof first === 'object' && first !== null ? Reflect.get(first, 'port') : first);
  return port !== null && port !== 0;
}
