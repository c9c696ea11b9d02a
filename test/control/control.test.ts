// The control socket of a live run: who may ask, and what hostile clients can do to it.
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { callControl, isRunAlive } from '../../launcher/control/control-client.ts';
import { type ControlAccess, readControlAccess } from '../../launcher/control/control-protocol.ts';
import { ControlServer } from '../../launcher/control/control-server.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

interface OpenServer extends AsyncDisposable {
  readonly folder: string;
  readonly access: ControlAccess;
  readonly server: ControlServer;
}

async function open(project: TestProject, idleMs = 60_000, name = 'run'): Promise<OpenServer> {
  const folder = project.path(name);
  mkdirSync(folder, { recursive: true });
  const methods = {
    ping: () => 'pong',
    fails: () => {
      throw new TypeError('broken');
    },
  };
  const server = new ControlServer({ folder, runId: `test-${process.pid}-${name.length}`, methods, idleMs });
  await server.open();
  const access = readControlAccess(folder);
  if (access === null) throw new Error('the control file is missing');
  return { folder, access, server, [Symbol.asyncDispose]: () => server.close() };
}

/** Writes and gives all that comes back until the other side closes. */
async function say(address: string, ...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = createConnection(address);
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  for (const part of parts) socket.write(part);
  if (!socket.closed) await once(socket, 'close');
  return text;
}

function line(access: ControlAccess, more: object = {}): string {
  return `${JSON.stringify({ id: 7, token: access.token, method: 'ping', params: null, ...more })}\n`;
}

test('a live run answers on its socket, keeps its files to its user, and takes them away', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': 'export default (q, r) => r.end();' } });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  const { run } = await uber.event('up');
  const folder = project.path('.uber', 'runs', String(run));
  // It is opened in the background, behind `up`.
  while (!(await isRunAlive(folder))) await new Promise((resolve) => setImmediate(resolve));
  expect(await callControl(folder, 'ping')).toBe('pong');
  expect(await callControl(folder, 'snapshot')).toMatchObject({
    run,
    services: [{ service: 'foo', state: 'ready' }],
  });
  await expect(callControl(folder, 'nonsense')).rejects.toMatchObject({ code: 'USAGE' });
  if (process.platform !== 'win32') {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ['_control.json', '_control.sock'])
      expect(statSync(`${folder}/${name}`).mode & 0o777).toBe(0o600);
  }
  uber.kill('SIGTERM');
  await uber.ended;
  expect(await isRunAlive(folder)).toBe(false);
  expect(project.leftRuns()).toEqual([]);
});

test('a run that has stopped before it listened does not listen any more', async () => {
  using project = makeProject({ packages: false });
  // The longest has its socket in a folder of its own.
  for (const name of ['run', 'r'.repeat(100)]) {
    const folder = project.path(name);
    mkdirSync(folder);
    const server = new ControlServer({ folder, runId: `late-${process.pid}`, methods: {} });
    await server.close();
    await server.open();
    expect(await isRunAlive(folder)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('one that does not know the token is cut off without a word', async () => {
  using project = makeProject();
  await using open1 = await open(project);
  const { address, token } = open1.access;
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  for (const wrong of [
    '',
    'x',
    token.slice(1),
    `${token}0`,
    token.replace(/^./, (c) => (c === '0' ? '1' : '0')),
  ])
    expect(await say(address, line(open1.access, { token: wrong }))).toBe('');
});

test.each([
  ['no JSON', 'hello\n'],
  ['no object', '5\n'],
  ['no token', '{"id":1,"method":"ping"}\n'],
  ['an id that is an object', '{"id":{},"token":"x","method":"ping"}\n'],
  ['a token in the prototype', '{"__proto__":{"id":1,"token":"x","method":"ping"}}\n'],
  ['no UTF-8', new Uint8Array([0xff, 0xfe, 0xc0, 0x0a])],
  ['a very deep value', `${'['.repeat(60_000)}\n`],
  ['a line that is too long', `"${'x'.repeat(70_000)}"\n`],
  ['a line without an end', 'x'.repeat(200_000)],
])('%s is refused, and the connection closed', async (_what, text) => {
  using project = makeProject();
  await using server = await open(project);
  const answer = await say(server.access.address, text);
  // A client that is still writing may be cut off before it has read why.
  if (answer !== '') expect(JSON.parse(answer)).toMatchObject({ id: null, error: { code: 'USAGE' } });
  expect(await callControl(server.folder, 'ping')).toBe('pong');
});

test('a method of the prototype is none, and one that throws is an answer', async () => {
  using project = makeProject();
  await using server = await open(project);
  for (const method of ['constructor', '__proto__', 'toString'])
    await expect(callControl(server.folder, method)).rejects.toThrow(`No method "${method}"`);
  await expect(callControl(server.folder, 'fails')).rejects.toThrow('broken');
});

test('several requests in one write, and one in many, are answered in order', async () => {
  using project = makeProject();
  await using server = await open(project);
  const socket = createConnection(server.access.address);
  let text = '';
  const isDone = new Promise<void>((resolve) =>
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.split('\n').length === 4) resolve();
    }),
  );
  socket.write(line(server.access, { id: 'a' }) + line(server.access, { id: 2 }));
  for (const character of line(server.access, { id: 3 })) socket.write(character);
  await isDone;
  expect(
    text
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each).id),
  ).toEqual(['a', 2, 3]);
  socket.destroy();
});

test('a connection that stays silent is closed, one that has asked is not', async () => {
  using project = makeProject();
  await using server = await open(project, 50);
  const asked = createConnection(server.access.address);
  asked.write(line(server.access));
  await once(asked, 'data');
  expect(await say(server.access.address)).toBe('');
  expect(await say(server.access.address, '{"id":')).toBe('');
  expect(asked.destroyed).toBe(false);
  asked.destroy();
});

test('a thousand connections are no more than the limit, and it answers when they are gone', async () => {
  using project = makeProject();
  await using server = await open(project);
  const held: Socket[] = [];
  let closed = 0;
  await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const socket = createConnection(server.access.address);
      held.push(socket);
      socket.on('error', () => undefined);
      const refused = new Promise<void>((resolve) =>
        socket.once('close', () => {
          closed += 1;
          resolve();
        }),
      );
      socket.write(line(server.access));
      await Promise.race([refused, new Promise((resolve) => socket.once('data', resolve))]);
    }),
  );
  expect(1000 - closed).toBeLessThanOrEqual(32);
  const left = held.filter((socket) => !socket.closed);
  await Promise.all(left.map((socket) => once(socket.destroy(), 'close')));
  for (;;) {
    const answer = await callControl(server.folder, 'ping').catch(() => null);
    if (answer === 'pong') break;
  }
});

test('a folder with a long path has its socket elsewhere, and that goes away too', async () => {
  using project = makeProject();
  const name = 'a'.repeat(60);
  await using server = await open(project, 60_000, `${name}/${name}`);
  const { address } = server.access;
  expect(await callControl(server.folder, 'ping')).toBe('pong');
  if (process.platform === 'win32') return;
  expect(Buffer.byteLength(address)).toBeLessThanOrEqual(103);
  expect(address.startsWith(server.folder)).toBe(false);
  const parent = address.slice(0, address.lastIndexOf('/'));
  expect(statSync(parent).mode & 0o777).toBe(0o700);
  await server.server.close();
  expect(existsSync(parent)).toBe(false);
  expect(readdirSync(server.folder)).toEqual([]);
});

test('where nobody listens there is no run', async () => {
  using project = makeProject();
  expect(await isRunAlive(project.root)).toBe(false);
  await expect(callControl(project.root, 'ping')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  project.write({ '_control.json': JSON.stringify({ address: project.path('gone'), token: 'x' }) });
  expect(await isRunAlive(project.root)).toBe(false);
  project.write({ '_control.json': 'half' });
  expect(await isRunAlive(project.root)).toBe(false);
});
