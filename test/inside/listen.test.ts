// Where servers of a service end up, and what they are called.
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { generate } from 'selfsigned';
import { type StartUberOptions, startUber, type UberHandle } from '../../launcher/index.ts';
import type { ReadyRow } from '../../launcher/types.ts';
import { PLACEMENTS } from '../support/placements.ts';
import { makeProject, type TestProject } from '../support/project.ts';

const HTTP =
  "import { createServer } from 'node:http'; const say = (text) => createServer((q, r) => r.end(text));";

/** A server that answers with the values of its environment that are asked for. */
const TELLS_ENV = `${HTTP} createServer((q, r) => r.end(JSON.stringify(process.env))).listen(3000);`;

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

function rowOf(uber: UberHandle, service: string): ReadyRow {
  const ready = uber.snapshot().services.find((each) => each.service === service)?.ready;
  if (ready == null) throw new Error(`${service} is not ready`);
  return ready;
}

describe.each(PLACEMENTS)('in placement %s', (isolation) => {
  const start = (project: TestProject, options: StartUberOptions = {}): Promise<UberHandle> =>
    startUber({ cwd: project.root, isolation, ...options });

  test('a server on the leased port is the main one, also when another one was first', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} say('metrics').listen(9090);
          setImmediate(() => say('main').listen(process.env.PORT));`,
        'services/bar.mjs': `${HTTP} const { PORT = 3000 } = process.env; say('metrics').listen(9090); say('main').listen(+PORT);`,
      },
    });
    await using uber = await start(project);
    for (const name of ['foo', 'bar']) {
      expect(await text(uber.url(name))).toBe('main');
      expect(await text(uber.url(name, '9090'))).toBe('metrics');
    }
  });

  test('the configuration says which port is the main one, and how others are called', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} say('metrics').listen(9090); say('main').listen(3000); say('any').listen(0);`,
        'services/bar.mjs': TELLS_ENV,
      },
    });
    const ports = { main: 3000, metrics: 9090 };
    const config = { services: { foo: { ports }, bar: { dependsOn: ['foo'] } } };
    await using uber = await start(project, { config });
    expect(await text(uber.url('foo'))).toBe('main');
    expect(await text(uber.url('foo', 'metrics'))).toBe('metrics');
    const [metrics, any] = rowOf(uber, 'foo').extraPorts;
    expect(metrics).toMatchObject({
      name: 'metrics',
      asked: 9090,
      protocol: 'tcp',
      url: uber.url('foo', 'metrics'),
    });
    expect(any).toMatchObject({ name: null, asked: 0 });
    const env = JSON.parse(await text(uber.url('bar'))) as Record<string, string>;
    expect(env).toMatchObject({
      FOO_URL: uber.url('foo'),
      FOO_METRICS_PORT: String(metrics?.port),
      FOO_METRICS_URL: uber.url('foo', 'metrics'),
      services__foo__metrics__0: uber.url('foo', 'metrics'),
    });
    expect(() => uber.url('foo', 'grpc')).toThrow(
      '"foo" has no port "grpc". Its ports beside the main one: metrics',
    );
    await uber.restart('foo');
    expect(rowOf(uber, 'foo').extraPorts[0]).toEqual(metrics);
  });

  test('a main port that the program never asks for is told as that, and named ports are in the context', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} say('a').listen(8080); say('metrics').listen(9090);`,
        'services/bar.mjs': `export default (ctx) => (q, r) => {
          try { r.end(ctx.services.url('foo', q.url.slice(1))); } catch (error) { r.end(error.message); }
        };`,
      },
    });
    const wrong = { foo: { ports: { main: 7777 }, ready: { timeoutMs: 1500 } } };
    await expect(start(project, { services: ['foo'], config: { services: wrong } })).rejects.toMatchObject({
      code: 'NOT_READY',
      message:
        '"foo" was not ready after 1500 ms: it listens on 8080 and 9090, but "ports" says that its main port is 7777.',
    });
    const ports = { main: 8080, metrics: 9090 };
    await using uber = await start(project, { config: { services: { foo: { ports } } } });
    expect(await text(`${uber.url('bar')}/metrics`)).toBe(uber.url('foo', 'metrics'));
    expect(await text(`${uber.url('bar')}/grpc`)).toBe(
      '"foo" has no port "grpc". Its ports beside the main one: metrics.',
    );
    for (const name of ['service', 'http']) {
      const config = { services: { foo: { ports: { [name]: 9090 } } } };
      await expect(start(project, { config })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `services.foo.ports: "${name}" cannot be the name of a port.`,
      });
    }
    const twice = { foo: { ports: { metrics: 9090, Metrics: 9091 } } };
    await expect(start(project, { config: { services: twice } })).rejects.toMatchObject({
      message: 'services.foo.ports: "metrics" and "Metrics" are the same.',
    });
  });

  test('a port that nobody has named is called by its variable or its number, and told to those that start later', async () => {
    using project = makeProject({
      files: {
        'services/foo/index.mjs': `${HTTP} say('main').listen(3000);
          say('metrics').listen(process.env.METRICS_PORT); say('other').listen(9091);`,
        'services/foo/.env': 'METRICS_PORT=9090\n',
        'services/bar.mjs': TELLS_ENV,
      },
    });
    await using uber = await start(project, { config: { services: { bar: { dependsOn: ['foo'] } } } });
    expect(rowOf(uber, 'foo').extraPorts.map(({ name, asked }) => [name, asked])).toEqual([
      ['metrics', 9090],
      ['9091', 9091],
    ]);
    const env = JSON.parse(await text(uber.url('bar'))) as Record<string, string>;
    expect(await text(env.FOO_METRICS_URL as string)).toBe('metrics');
    expect(await text(`http://127.0.0.1:${env.FOO_9091_PORT}`)).toBe('other');
  });

  test('a program that reads PORT and listens elsewhere is called on the leased port all the same', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} console.log(process.env.PORT); say('only').listen(3000, function () { console.log(this.address().port); });`,
      },
    });
    await using uber = await start(project);
    expect(await text(uber.url('foo'))).toBe('only');
    expect(await text(uber.url('foo', '3000'))).toBe('only');
  });

  test('a further port that is closed and opened again is the same one', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} say('main').listen(3000);
          const first = say('first').listen(9090, () => first.close(() => say('second').listen(9090)));`,
      },
    });
    await using uber = await start(project, { config: { services: { foo: { ports: { metrics: 9090 } } } } });
    // The second one may be opened after the service is ready.
    if (rowOf(uber, 'foo').extraPorts.length === 0)
      await new Promise<void>((resolve) => uber.on('listening', () => resolve()));
    expect(rowOf(uber, 'foo').extraPorts).toHaveLength(1);
    expect(await text(uber.url('foo', 'metrics'))).toBe('second');
  });

  test('a further port that somebody else has taken meanwhile is chosen anew', async () => {
    using project = makeProject({
      files: { 'services/foo.mjs': `${HTTP} say('main').listen(3000); say('metrics').listen(9090);` },
    });
    await using uber = await start(project, { config: { services: { foo: { ports: { metrics: 9090 } } } } });
    const before = rowOf(uber, 'foo').extraPorts[0]?.port;
    const thief = createServer();
    uber.on('state', ({ state }) => {
      if (state === 'starting') thief.listen(before, '127.0.0.1');
    });
    await uber.restart('foo');
    thief.close();
    expect(rowOf(uber, 'foo').extraPorts[0]?.port).not.toBe(before);
    expect(await text(uber.url('foo', 'metrics'))).toBe('metrics');
  });

  test('a service that is ready without listening tells when it does', async () => {
    using project = makeProject({
      files: { 'services/foo.mjs': `${HTTP} setTimeout(() => say('late').listen(3000), 50);` },
    });
    await using uber = await start(project, { config: { services: { foo: { ready: 'started' } } } });
    expect(rowOf(uber, 'foo').url).toBeNull();
    const row = await new Promise<ReadyRow>((resolve) => uber.on('listening', resolve));
    expect(await text(row.url as string)).toBe('late');
    expect(uber.url('foo')).toBe(row.url);
  });

  test('what starts after an https server is told an https URL', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    using project = makeProject({
      files: {
        'services/foo.mjs': `import { createServer } from 'node:https';
          createServer({ key: process.env.KEY, cert: process.env.CERT }, (q, r) => r.end()).listen(443);`,
        'services/bar.mjs': TELLS_ENV,
      },
    });
    const services = { foo: { env: { KEY: key, CERT: cert } }, bar: { dependsOn: ['foo'] } };
    await using uber = await start(project, { config: { services } });
    const env = JSON.parse(await text(uber.url('bar'))) as Record<string, string>;
    expect(env.FOO_URL).toMatch(/^https:/);
    expect(env.FOO_URL).toBe(uber.url('foo'));
  });

  test('a Unix socket is moved, and the service finds it where it asked for it', async () => {
    using project = makeProject({
      files: {
        'services/foo/index.mjs': `${HTTP} import net from 'node:net'; import fs from 'node:fs';
          for (const path of ['/tmp/uber-test-of-sockets.sock', './own.sock']) {
            const server = net.createServer((socket) => socket.end('from the socket'));
            server.listen(path, () => {
              fs.chmodSync(path, 0o700);
              net.connect({ path }).on('data', (data) => console.log(path, String(data), server.address() !== path));
            });
          }
          say('main').listen(3000);`,
      },
    });
    const lines: string[] = [];
    let enough: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      enough = resolve;
    });
    await using uber = await start(project, {
      onLog: ({ text: line }) => {
        if (lines.push(line) === 2) enough();
      },
    });
    await both;
    expect(lines.sort()).toEqual([
      './own.sock from the socket true',
      '/tmp/uber-test-of-sockets.sock from the socket true',
    ]);
    const { sockets, dataDir } = rowOf(uber, 'foo');
    expect(sockets.map(({ asked }) => asked).sort()).toEqual([
      './own.sock',
      '/tmp/uber-test-of-sockets.sock',
    ]);
    for (const { path } of sockets) {
      expect(dirname(path)).toBe(dataDir);
      expect(basename(path)).toMatch(/\.sock$/);
      const answer = await new Promise((resolve, reject) => {
        createConnection(path)
          .once('data', (data) => resolve(String(data)))
          .once('error', reject);
      });
      expect(answer).toBe('from the socket');
    }
    expect(existsSync('/tmp/uber-test-of-sockets.sock')).toBe(false);
    expect(existsSync(project.path('services', 'foo', 'own.sock'))).toBe(false);
  });

  test('sockets that do not fit into the data directory are apart, and gone at the end', async () => {
    const service = `import net from 'node:net';
      ${HTTP} net.createServer().listen('own.sock', () => say('main').listen(3000));
      process.on('SIGTERM', () => process.exit());`; // It leaves its socket behind.
    const deep = 'd'.repeat(80);
    const names = ['one', 'other'].map((word) => `a-service-with-a-long-name-${word}`);
    using project = makeProject({
      files: Object.fromEntries(names.map((name) => [`${deep}/services/${name}.mjs`, service])),
    });
    const uber = await startUber({ cwd: project.path(deep), isolation });
    const paths = names.map((name) => rowOf(uber, name).sockets[0]?.path ?? '');
    expect(new Set(paths).size).toBe(2);
    await uber.stop();
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
  });

  test('a UDP port is left alone and noted; a socket that only sends is not', async () => {
    const probe = createSocket('udp4');
    const port = await new Promise<number>((resolve) => probe.bind(0, () => resolve(probe.address().port)));
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    using project = makeProject({
      files: {
        'services/foo.mjs': `${HTTP} import dgram from 'node:dgram';
          dgram.createSocket('udp4').bind(${port}, () => {
            const client = dgram.createSocket('udp4');
            client.send('x', ${port}, '127.0.0.1', () => { client.close(); say('main').listen(3000); });
          });`,
      },
    });
    await using uber = await start(project);
    expect(rowOf(uber, 'foo').extraPorts).toEqual([
      { name: String(port), asked: port, port, protocol: 'udp', url: `udp://127.0.0.1:${port}` },
    ]);
  });
});
