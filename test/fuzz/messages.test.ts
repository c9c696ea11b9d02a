// Whatever a broken or hostile service sends to main, and whatever it writes to the memory they share: main goes on.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { callControl } from '../../launcher/control/control-client.ts';
import { parseRequest, readControlAccess } from '../../launcher/control/control-protocol.ts';
import { ControlServer } from '../../launcher/control/control-server.ts';
import { startUber } from '../../launcher/index.ts';
import { createLogRing, LogRingReader, LogRingWriter } from '../../launcher/log-ring.ts';
import { FloodGate } from '../../launcher/logs/flood-gate.ts';
import { UNLIMITED } from '../../launcher/logs/log-pump.ts';
import { checkMessage, checkThreadMessage } from '../../launcher/placement/check-message.ts';
import { ThreadWatcher } from '../../launcher/placement/thread-wires.ts';
import type { FromInside, StartMessage } from '../../launcher/protocol.ts';
import { fuzz, printCounts } from '../support/fuzz.ts';
import { APART } from '../support/placements.ts';
import { makeProject } from '../support/project.ts';

afterAll(printCounts);

const START: StartMessage = {
  service: 'foo',
  entry: '/p/foo.js',
  cwd: '/p',
  args: [],
  host: '127.0.0.1',
  port: 4000,
  mainPort: null,
  extraPorts: {},
  resourceDir: '/p/resources/foo',
  dataDir: '/p/.uber/runs/r/foo',
  runId: 'r',
  namespace: 'default',
  urls: {},
  portUrls: {},
  build: null,
  compileCache: null,
  permissions: null,
};

const TYPES = [
  ...['listening', 'udp', 'socket', 'closed', 'started', 'port-stolen', 'failed', 'uncaught', 'exit'],
  ...[
    'compile',
    'child',
    'child-ended',
    'thread',
    'stop',
    'compiled',
    '__proto__',
    'constructor',
    'toString',
  ],
];
const anyField: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    0,
    1,
    -1,
    4000,
    65_536,
    1.5,
    Number.NaN,
    Infinity,
    'http',
    '',
  ),
  fc.constantFrom<unknown>(
    '/etc/passwd',
    '/p/.uber/runs/r/foo/a.sock',
    '/p/.uber/runs/r/foo/../../x',
    'x'.repeat(100_000),
  ),
  fc.string(),
  fc.record({ code: fc.anything(), message: fc.anything(), stack: fc.anything() }, { requiredKeys: [] }),
  fc.anything({ maxDepth: 2 }),
);
const FIELDS = [
  'isMain',
  'asked',
  'port',
  'scheme',
  'path',
  'error',
  'exitCode',
  'stack',
  'pid',
  'control',
  'logs',
  'answers',
];
const anyMessage: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      fc.oneof(fc.constantFrom(...TYPES), fc.string()),
      fc.dictionary(fc.constantFrom(...FIELDS), anyField),
    )
    .map(([type, fields]) => ({ type, ...fields })),
);

test('main believes only messages of the right form', () =>
  fuzz('worker messages', 10_000, anyMessage, (value) => {
    const message = checkMessage(value, START);
    if (message === undefined) return;
    expect(TYPES).toContain(message.type);
    if (message.type === 'child' || message.type === 'child-ended') expect(message.pid).toBeGreaterThan(1);
    if (message.type === 'socket') expect(message.path).toMatch(/^\/p\/\.uber\/runs\/r\/foo\/|^\0/);
    expect(JSON.stringify(message).length).toBeLessThan(1_000_000);
  }));

test.each([
  ['the group of all processes as a child', { type: 'child', pid: 1 }],
  ['the group of main as a child', { type: 'child', pid: 0 }],
  ['a negative pid', { type: 'child', pid: -5 }],
  [
    'a file that is not its own as a socket, which would be removed',
    { type: 'socket', asked: 'a', path: '/etc/passwd' },
  ],
  ['a socket outside by ..', { type: 'socket', asked: 'a', path: `${START.dataDir}/../bar/db.sqlite` }],
  [
    'a ring of a size that has no mask',
    {
      type: 'thread',
      control: new MessageChannel().port1,
      logs: new SharedArrayBuffer(100),
      answers: new SharedArrayBuffer(4),
    },
  ],
])('%s is refused', (_what, message) => {
  expect(checkThreadMessage(message, START)).toBeUndefined();
});

test('a watcher takes anything from the port of a thread, and tells it once', async () => {
  const { port1, port2 } = new MessageChannel();
  const output: string[] = [];
  const taken: FromInside[] = [];
  const events = {
    onMessage: () => undefined,
    onExit: () => undefined,
    onFlood: () => undefined,
    onOutput: (_stream: number, bytes: Buffer) => void output.push(bytes.toString()),
  };
  const compile = async () => null;
  const request = {
    message: START,
    env: {},
    compile,
    flow: UNLIMITED,
    modules: null,
    heapMb: 1024,
    sharedThread: 'shared',
    events,
  };
  const wires = { control: port1, logs: createLogRing(1024), answers: new SharedArrayBuffer(4) };
  const gate = new FloodGate(() => performance.now(), events.onFlood);
  const onMessage = (message: FromInside): void => void taken.push(message);
  const watcher = new ThreadWatcher(request, wires, { gate, onMessage });
  let sent = 0;
  await fuzz('messages on a port', 3000, anyMessage, (message) => {
    try {
      port2.postMessage(message);
      sent += 1;
    } catch {
      // What cannot be cloned cannot be sent.
    }
  });
  const last = new Promise<void>((resolve) => {
    const look = (): void =>
      taken.some((m) => m.type === 'exit' && m.stack === 'the last') ? resolve() : void setImmediate(look);
    look();
  });
  port2.postMessage({ type: 'exit', exitCode: 0, stack: 'the last' });
  await last;
  watcher.finish();
  port2.close();
  expect(sent).toBeGreaterThan(100);
  expect(output.filter((text) => text.includes('does not understand'))).toHaveLength(1);
});

test('a ring with any content is read to its end, and goes on after it', () =>
  fuzz(
    'contents of a log ring',
    4000,
    fc.tuple(
      fc.uint8Array({ minLength: 16 + 256, maxLength: 16 + 256 }),
      fc.array(fc.integer(), { minLength: 2, maxLength: 2 }),
    ),
    ([content, [written = 0, read = 0]]) => {
      const memory = createLogRing(256);
      new Uint8Array(memory).set(content);
      const words = new Int32Array(memory, 0, 4);
      // Half of them with counters that fit together.
      words[0] = written;
      words[1] = written % 2 === 0 ? written - (Math.abs(read) % 257) : read;
      const reader = new LogRingReader(memory);
      let bytes = 0;
      reader.drain((_stream, part) => {
        bytes += part.length;
      });
      expect(bytes).toBeLessThanOrEqual(256 + 200);
      expect(reader.drain(() => undefined)).toBe(0);
      const got: string[] = [];
      new LogRingWriter(memory, () => undefined).write(0, Buffer.from('again'));
      reader.drain((_stream, part) => void got.push(part.toString()));
      expect(got).toEqual(['again']);
    },
  ));

test('any bytes on the control socket leave the run as it was', async () => {
  using project = makeProject({ packages: false });
  const server = new ControlServer({
    folder: project.root,
    runId: `fuzz-${process.pid}`,
    methods: { ping: () => 'pong' },
  });
  await server.open();
  const access = readControlAccess(project.root);
  if (access === null) throw new Error('no control file');
  const token = fc.constantFrom<unknown>(access.token, 'wrong', null, {}, []);
  const method = fc.constantFrom<unknown>('ping', 'constructor', '__proto__', 5);
  const anyRequest = fc
    .record({ id: fc.anything(), token, method, params: fc.anything() }, { requiredKeys: [] })
    .map((request) => Buffer.from(`${stringify(request)}\n`));
  const anyBytes = fc.oneof(
    anyRequest,
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`${text}\n`)),
  );
  await fuzz('control requests', 5000, anyBytes, (bytes) => parseRequest(bytes.subarray(0, -1)));
  await fuzz(
    'control conversations',
    400,
    fc.array(anyBytes, { minLength: 1, maxLength: 4 }),
    async (parts) => {
      const socket = createConnection(access.address);
      socket.on('error', () => undefined).resume();
      for (const part of parts) socket.write(part);
      socket.end();
      if (!socket.closed) await once(socket, 'close');
    },
  );
  expect(await callControl(project.root, 'ping')).toBe('pong');
  await server.close();
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '{'; // A bigint, or a circle.
  }
}

describe.each(APART)('in placement %s', (isolation) => {
  test('a service that talks nonsense to main keeps its neighbour unharmed, and is told of', async () => {
    using project = makeProject({
      packages: false,
      files: {
        // In a thread it finds its way to main by listening at the port; in a process it is descriptor 3.
        'services/foo.cjs': `
          const fs = require('node:fs');
          const { MessagePort } = require('node:worker_threads');
          const nonsense = [5, 'x', [], {}, { type: 'child', pid: 1 }, { type: 'socket', asked: 'a', path: '/nowhere/precious' }, { type: '__proto__' }, { type: 'compile' }, { type: 'exit' }];
          const post = MessagePort.prototype.postMessage;
          let port = null;
          MessagePort.prototype.postMessage = function (...args) { port = this; return post.apply(this, args); };
          require('node:http').createServer((q, r) => r.end('foo')).listen(3000, () => setImmediate(() => {
            if (port !== null) for (const each of nonsense) post.call(port, each);
            else for (const text of [...nonsense.map((each) => JSON.stringify(each)), '{', '', '\\0\\xff', 'x'.repeat(5000)]) fs.writeSync(3, text + '\\n');
            console.log('said');
          }));`,
        'services/bar.cjs': "require('node:http').createServer((q, r) => r.end('bar')).listen(3000);",
      },
    });
    const lines: string[] = [];
    let look: () => void = () => undefined;
    const onLog = ({ text }: { text: string }): void => {
      lines.push(text);
      look();
    };
    await using uber = await startUber({ cwd: project.root, isolation, onLog });
    await new Promise<void>((resolve) => {
      look = () => (lines.some((text) => text.includes('does not understand')) ? resolve() : undefined);
      look();
    });
    expect(await (await fetch(uber.url('foo'))).text()).toBe('foo');
    expect(await (await fetch(uber.url('bar'))).text()).toBe('bar');
    expect(lines.filter((text) => text.includes('does not understand'))).toHaveLength(1);
  });

  test('a source that a service asks for and may not read is refused, and the others go on', async () => {
    using project = makeProject({
      packages: false,
      files: {
        'uber.config.json': JSON.stringify({ services: { foo: { permissions: {} } } }),
        'services/foo/index.cjs': `
          const { MessagePort } = require('node:worker_threads');
          const question = { type: 'compile', path: '/etc/secret.ts' };
          const post = MessagePort.prototype.postMessage;
          let port = null;
          MessagePort.prototype.postMessage = function (...args) { port = this; return post.apply(this, args); };
          require('node:http').createServer((q, r) => {
            if (port !== null) post.call(port, question);
            else require('node:fs').writeSync(3, JSON.stringify(question) + '\\n');
            r.end('asked');
          }).listen(3000);`,
        'services/bar.cjs': "require('node:http').createServer((q, r) => r.end('bar')).listen(3000);",
      },
    });
    await using uber = await startUber({ cwd: project.root, isolation });
    for (let times = 0; times < 3; times += 1) {
      expect(await (await fetch(uber.url('foo'))).text()).toBe('asked');
      expect(await (await fetch(uber.url('bar'))).text()).toBe('bar');
    }
  });
});
