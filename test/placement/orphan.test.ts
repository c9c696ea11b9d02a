// What a launcher that was killed has started, and which must not outlive it.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

/** What the children of the service do: they hold a connection for as long as they live. */
const CHILD = "process.on('SIGTERM', () => {}); require('net').connect(Number(process.argv[1]), '127.0.0.1')";

/** The source of a service that holds a connection, and whose child does so too. */
function service(port: number, more = ''): string {
  return `
    require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(CHILD)}, '${port}'], { stdio: 'ignore' });
    require('net').connect(${port}, '127.0.0.1');
    require('http').createServer((request, response) => { response.end('hello'); ${more} }).listen(3000);`;
}

/** Those who were killed cut their connection. */
async function listen(sockets: Socket[]): Promise<Server & { readonly port: number }> {
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, { port: (server.address() as { port: number }).port });
}

async function untilClosed(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
}

test.each([
  ['a thread', 'thread', ''],
  ['a process', 'process', ''],
  ['a process whose event loop is blocked', 'process', 'setImmediate(() => { for (;;); });'],
] as const)('%s ends with all that it has started', async (_what, placement, afterCall) => {
  const sockets: Socket[] = [];
  await using server = await listen(sockets);
  using project = makeProject({
    files: {
      'uber.config.json': JSON.stringify({ services: { foo: { placement } } }),
      'services/foo.cjs': service(server.port, afterCall),
    },
  });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  const { services } = await uber.event('up');
  while (sockets.length < 2) await once(server, 'connection');
  await (await fetch((services as [{ url: string }])[0].url)).text();
  uber.kill('SIGKILL');
  await untilClosed(sockets);
  expect(sockets.map((socket) => socket.closed)).toEqual([true, true]);
});
