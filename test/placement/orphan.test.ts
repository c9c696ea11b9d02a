// A service in a process of its own whose launcher was killed.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

/** What the children of the service do: they hold a connection for as long as they live. */
const CHILD = "require('net').connect(Number(process.argv[1]), '127.0.0.1')";

test('it ends with all that it has started', async () => {
  const sockets: Socket[] = [];
  // Those who were killed cut their connection.
  await using server = createServer(
    (socket) => void sockets.push(socket.on('error', () => undefined).resume()),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  using project = makeProject({
    files: {
      'uber.config.json': JSON.stringify({ services: { foo: { placement: 'process' } } }),
      'services/foo.cjs': `
        require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(CHILD)}, '${port}'], { stdio: 'ignore' });
        require('net').connect(${port}, '127.0.0.1');
        require('http').createServer().listen(3000);`,
    },
  });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  await uber.event('up');
  while (sockets.length < 2) await once(server, 'connection');
  uber.kill('SIGKILL');
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
  expect(sockets.map((socket) => socket.closed)).toEqual([true, true]);
});
