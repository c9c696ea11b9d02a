// Connections that stay open: WebSocket and Socket.IO.
import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { type ProgramRun, startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

/** Leaves, and waits until the program has seen it: it is not to be stopped amid a poll. */
async function leave(run: ProgramRun, socket: Socket): Promise<void> {
  const { id } = socket;
  socket.disconnect();
  expect((await run.line('has left')).text).toMatch(`${id} has left: `);
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('ws sends back text and bytes', async () => {
    await using run = await startProgram('ws', placement);
    const socket = new WebSocket(`${run.url.replace('http', 'ws')}/room`);
    const [welcome] = await once(socket, 'message');
    expect(String(welcome)).toBe('welcome to /room');
    socket.send('hello');
    const [text, isBinary] = await once(socket, 'message');
    expect([String(text), isBinary]).toEqual(['hello', false]);
    socket.send(Buffer.from([1, 2, 3]));
    const [bytes] = await once(socket, 'message');
    expect([...(bytes as Buffer)]).toEqual([1, 2, 3]);
    socket.close();
    await once(socket, 'close');
  });

  test.each(['websocket', 'polling'])(
    'Socket.IO acknowledges and sends events over %s',
    async (transport) => {
      await using run = await startProgram('socket-io', placement);
      const socket = io(run.url, { transports: [transport], upgrade: false, reconnection: false });
      try {
        const added = new Promise((resolve) => socket.once('added', resolve));
        expect(await socket.emitWithAck('add', [1, 2, 3])).toEqual({ sum: 6 });
        expect(await added).toBe(transport);
        await leave(run, socket);
      } finally {
        socket.disconnect();
      }
    },
  );

  test('Socket.IO upgrades from polling to a WebSocket', async () => {
    await using run = await startProgram('socket-io', placement);
    const socket = io(run.url, { reconnection: false });
    try {
      await new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
      expect(socket.io.engine.transport.name).toBe('websocket');
      expect(await socket.emitWithAck('add', [20, 22])).toEqual({ sum: 42 });
      await leave(run, socket);
    } finally {
      socket.disconnect();
    }
  });
});
