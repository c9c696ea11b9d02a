// What differs by operating system: on this one for real, on the others as far as text goes.
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import {
  findPortHolder,
  movedSocketPath,
  parseLsof,
  parseNetstat,
  removalCommand,
} from '../launcher/platform.ts';
import {
  parseIsoTime,
  parseLstart,
  parseProcessList,
  parseStatTicks,
} from '../launcher/platform-processes.ts';

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

describe('the place of a Unix socket', () => {
  const home = { dataDir: '/data/foo', label: 'run-foo', count: 0 };

  test.each([
    ['/tmp/app.sock', 'linux', home, '/data/foo/app.sock'],
    ['/tmp/app.sock', 'darwin', { ...home, count: 1 }, '/data/foo/1-app.sock'],
    ['\0app', 'linux', home, '\0app-run-foo'],
    ['\\\\.\\pipe\\app', 'win32', home, '\\\\.\\pipe\\app-run-foo'],
  ] as const)('%j on %s', (asked, platform, place, expected) => {
    expect(movedSocketPath(asked, place, platform)).toBe(expected);
  });

  test('is the folder for temporary files when the data directory is too deep for it', () => {
    const path = movedSocketPath('/tmp/app.sock', { ...home, dataDir: `/${'deep/'.repeat(30)}` }, 'linux');
    expect(path.startsWith(tmpdir())).toBe(true);
    expect(path).toContain('run-foo');
    expect(Buffer.byteLength(path)).toBeLessThan(104);
  });
});

describe('what systems tell about processes', () => {
  test('the start of a process in /proc, whatever it is called', () => {
    const fields = Array.from({ length: 30 }, (_, index) => index + 3);
    expect(parseStatTicks(`4711 (a) R (b) S ${fields.slice(1).join(' ')}`)).toBe('22');
    expect(parseStatTicks('')).toBeNull();
  });

  test('the start of a process on macOS and Windows', () => {
    expect(parseLstart('Tue Nov 21 12:03:11 2023    \n')).toBe(new Date(2023, 10, 21, 12, 3, 11).getTime());
    expect(parseLstart('\n')).toBeNull();
    expect(parseIsoTime('2023-11-21T12:03:11.1234567Z\r\n')).toBe(Date.UTC(2023, 10, 21, 12, 3, 11, 123));
    expect(parseIsoTime('')).toBeNull();
  });

  test('the processes of a run on macOS', () => {
    const text = [
      '  101   501 /usr/bin/node server.js UBER_RUN_ID=lp0-a PATH=/bin',
      '  102   501 /usr/bin/node server.js UBER_RUN_ID=lp0-ab PATH=/bin',
      '  103   502 /usr/bin/node server.js UBER_RUN_ID=lp0-a',
      '',
    ].join('\n');
    expect(parseProcessList(text, 'lp0-a', 501)).toEqual([101]);
  });
});
