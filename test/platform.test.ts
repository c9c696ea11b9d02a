// Who holds a port: on this system for real, on the others from what their tools print.
import { createServer } from 'node:net';
import { findPortHolder, parseLsof, parseNetstat, removalCommand } from '../launcher/platform.ts';

test('the holder of a port is found', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect(await findPortHolder(port)).toMatchObject({ pid: process.pid });
  await new Promise((resolve) => server.close(resolve));
  expect(await findPortHolder(port)).toBeNull();
});

test('a system we know nothing of has no answer', async () => {
  expect(await findPortHolder(1, 'aix')).toBeNull();
});

test('lsof -Fpc is read', () => {
  expect(parseLsof('p4242\ncnode\nf23\n')).toEqual({ pid: 4242, program: 'node' });
  expect(parseLsof('')).toBeNull();
});

test('netstat -ano of Windows is read', () => {
  const text = [
    'Active Connections',
    '  Proto  Local Address          Foreign Address        State           PID',
    '  TCP    127.0.0.1:13000        0.0.0.0:0              LISTENING       1111',
    '  TCP    127.0.0.1:3000         127.0.0.1:5000         ESTABLISHED     3333',
    '  TCP    127.0.0.1:3000         0.0.0.0:0              LISTENING       2222',
  ].join('\r\n');
  expect(parseNetstat(text, 3000)).toEqual({ pid: 2222, program: null });
  expect(parseNetstat(text, 4000)).toBeNull();
});

test.each([
  ['linux', '.uber/runs/a', 'rm -rf .uber/runs/a'],
  ['darwin', 'my runs/a', 'rm -rf "my runs/a"'],
  ['win32', '.uber/runs/a', 'rmdir /s /q .uber\\runs\\a'],
] as const)('a folder is removed on %s', (platform, path, command) => {
  expect(removalCommand(path, platform)).toBe(command);
});
