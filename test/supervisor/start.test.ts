// Order, failure, ports and restarts of a run, with real threads and real sockets.
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { startUber } from '../../launcher/start-uber.ts';
import { createUber, type Uber } from '../../launcher/uber.ts';
import { isListening, makeProject, type TestProject } from '../support/project.ts';

const ANSWERS = { 'foo.ts': 'answers.ts', 'bar.ts': 'answers.ts' };

/** Tells what it was told of the others. */
const TELLS_ENV = 'export default (q, r) => r.end(JSON.stringify(process.env));\n';

async function makeUber(project: TestProject, services: string[] = []): Promise<Uber> {
  return createUber(await resolveConfig({ cwd: project.root, services }));
}

/** Takes a port as another program would. */
function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** Takes the port of a service between its choice and its binding. */
function stealPortOf(uber: Uber, service: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const off = uber.emitter.on('state', (event) => {
      if (event.service !== service || event.state !== 'starting') return;
      off();
      occupy(Number(uber.env(service).PORT?.value)).then(resolve, reject);
    });
  });
}

test('a service starts when its dependencies are ready, the others at once', async () => {
  using project = makeProject({
    files: {
      'services/db.mjs': 'export default async () => (q, r) => r.end();',
      'services/api.mjs': 'export default async () => (q, r) => r.end();',
      'services/web.mjs': 'export default async () => (q, r) => r.end();',
      'uber.config.json': '{ "services": { "api": { "dependsOn": ["db"] } } }',
    },
  });
  const uber = await makeUber(project);
  const seen: string[] = [];
  uber.emitter.on('state', ({ service, state }) => seen.push(`${service} ${state}`));
  await uber.start();
  expect(seen.indexOf('api starting')).toBeGreaterThan(seen.indexOf('db ready'));
  expect(seen.indexOf('web starting')).toBeLessThan(seen.indexOf('db ready'));
  seen.length = 0;
  await uber.stop();
  expect(seen.indexOf('db stopping')).toBeGreaterThan(seen.indexOf('api stopped'));
  expect(uber.snapshot().services.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
});

test('the first failure stops the start at once and nothing is left', async () => {
  using project = makeProject({
    services: {
      ...ANSWERS,
      'zed.ts': 'exits-while-starting.ts',
      'slow.ts': 'slow-start.ts',
      'after.ts': 'answers.ts',
    },
    files: { 'uber.config.json': '{ "services": { "after": { "dependsOn": ["slow"] } } }' },
  });
  const uber = await makeUber(project);
  const urls: (string | null)[] = [];
  const failed: string[] = [];
  uber.emitter.on('ready', ({ url }) => urls.push(url));
  uber.emitter.on('failed', ({ error }) => failed.push(error.code));
  await expect(uber.start()).rejects.toMatchObject({
    code: 'EXITED',
    service: 'zed',
    lastLines: ['cannot go on'],
  });
  expect(failed).toEqual(['EXITED']);
  expect(
    uber
      .snapshot()
      .services.map(({ service, state }) => `${service} ${state}`)
      .sort(),
  ).toEqual(expect.arrayContaining(['after stopped', 'slow stopped', 'zed failed']));
  expect(await Promise.all(urls.map((url) => isListening(String(url))))).not.toContain(true);
  expect(project.leftRuns()).toEqual([]);
});

test('a port stolen before it is bound costs one retry, and dependents are told the new one', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': TELLS_ENV,
      'services/bar.mjs': TELLS_ENV,
      'uber.config.json': '{ "services": { "bar": { "dependsOn": ["foo"] } } }',
    },
  });
  const uber = await makeUber(project);
  const stolen = stealPortOf(uber, 'foo');
  const rows = await uber.start();
  const thief = await stolen;
  const foo = rows.find(({ service }) => service === 'foo');
  const bar = rows.find(({ service }) => service === 'bar');
  expect(foo).toMatchObject({ incarnation: 2 });
  expect(foo?.port).not.toBe((thief.address() as { port: number }).port);
  const env = (await (await fetch(String(bar?.url))).json()) as Record<string, string>;
  expect(env.FOO_URL).toBe(foo?.url);
  thief.close();
  await uber.stop();
});

test('a service that started meanwhile without depending on it is started again with the new address', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': TELLS_ENV, 'services/bar.mjs': TELLS_ENV } });
  const uber = await makeUber(project);
  const stolen = stealPortOf(uber, 'foo');
  const rows = await uber.start();
  const thief = await stolen;
  const foo = rows.find(({ service }) => service === 'foo');
  const bar = rows.find(({ service }) => service === 'bar');
  const env = (await (await fetch(String(bar?.url))).json()) as Record<string, string>;
  expect(env.FOO_URL).toBe(foo?.url);
  thief.close();
  await uber.stop();
});

test('a restart is a new incarnation on the same ports with its data, and leaves the others alone', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `
        import { createServer } from 'node:http';
        import { writeFileSync, readdirSync } from 'node:fs';
        import { randomUUID } from 'node:crypto';
        const life = randomUUID();
        const { UBER_DATA_DIR, BIRTH } = process.env;
        process.env.BIRTH = 'changed';
        writeFileSync(UBER_DATA_DIR + '/' + life, '');
        createServer((q, r) => r.end(JSON.stringify({ life, birth: BIRTH ?? null, data: readdirSync(UBER_DATA_DIR) }))).listen(3000);
        createServer((q, r) => r.end('metrics')).listen(9090);
      `,
      'services/bar.mjs': TELLS_ENV,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  const before = uber.snapshot().services;
  const ask = async (): Promise<{ life: string; birth: string | null; data: string[] }> =>
    (await fetch(uber.url('foo'))).json() as never;
  const first = await ask();
  const row = await uber.restart('foo');
  const second = await ask();
  const oldRow = before.find(({ service }) => service === 'foo')?.ready;
  expect(row).toMatchObject({ incarnation: 2, port: oldRow?.port, extraPorts: oldRow?.extraPorts });
  expect(row.extraPorts).toEqual([
    { name: '9090', asked: 9090, port: expect.any(Number), protocol: 'tcp', url: uber.url('foo', '9090') },
  ]);
  expect(await (await fetch(`http://127.0.0.1:${row.extraPorts[0]?.port}`)).text()).toBe('metrics');
  expect(second.life).not.toBe(first.life);
  expect(second).toMatchObject({
    birth: null,
    data: [first.life, second.life].sort(),
  });
  expect(uber.snapshot().services.find(({ service }) => service === 'bar')).toEqual(
    before.find(({ service }) => service === 'bar'),
  );
});

test('a service that crashes later is reported with its last lines, the others answer on', async () => {
  using project = makeProject({
    services: ANSWERS,
    files: {
      'services/baz.mjs': `
        export default () => (q, r) => {
          r.end();
          console.log('about to break');
          setImmediate(() => { throw new RangeError('out of it') });
        };
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  const failed = new Promise<unknown>((resolve) => uber.on('failed', resolve));
  await fetch(uber.url('baz'));
  expect(await failed).toMatchObject({
    service: 'baz',
    error: {
      code: 'CRASHED',
      message: '"baz" crashed: out of it',
      lastLines: expect.arrayContaining(['about to break']),
    },
  });
  expect((await fetch(uber.url('foo'))).status).toBe(200);
  expect(Object.keys(uber.urls).sort()).toEqual(['bar', 'foo']);
  expect(() => uber.url('baz')).toThrow('"baz" is failed. "baz" crashed: out of it');
});

test('a job that sets ready: "started" needs no port, and ends when it is done', async () => {
  using project = makeProject({
    services: ANSWERS,
    files: {
      'services/job.mjs': 'console.log("working"); setTimeout(() => console.log("done"), 20);',
      'uber.config.json':
        '{ "services": { "job": { "ready": "started" }, "foo": { "dependsOn": ["job"] } } }',
    },
  });
  const uber = await makeUber(project);
  const ended = new Promise<void>((resolve) => {
    uber.emitter.on('stopped', ({ service }) => service === 'job' && resolve());
  });
  const rows = await uber.start();
  expect(rows.map(({ service }) => service)).toEqual(expect.arrayContaining(['foo', 'bar']));
  await ended;
  expect(uber.snapshot().services.find(({ service }) => service === 'job')).toMatchObject({
    state: 'stopped',
  });
  await uber.stop();
});

test('a program that exports its app and listens later, after its own preparations, is ready only then', async () => {
  using project = makeProject({
    files: {
      'services/foo.cjs': `
        const express = require('express');
        const app = express();
        let isConnected = false;
        app.get('/', (q, r) => r.json({ isConnected }));
        setTimeout(() => { isConnected = true; app.listen(3000); }, 150);
        module.exports = app;
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await (await fetch(uber.url('foo'))).json()).toEqual({ isConnected: true });
});

test('an app that is exported by a program that never listens is served all the same', async () => {
  using project = makeProject({
    files: {
      'services/foo.cjs': `
        const express = require('express');
        const app = express();
        app.get('/', (q, r) => r.send('served'));
        if (process.env.NODE_ENV === 'never') app.listen(3000);
        setInterval(() => {}, 1000);
        module.exports = app;
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('served');
});

test('two services with the same file names inside never collide', async () => {
  const program = `
    import { createServer } from 'node:http';
    import { writeFileSync, readFileSync } from 'node:fs';
    const file = process.env.UBER_DATA_DIR + '/state.txt';
    writeFileSync(file, process.env.UBER_SERVICE);
    const settings = readFileSync(process.env.UBER_RESOURCE_DIR + '/settings.txt', 'utf8');
    createServer((q, r) => r.end(readFileSync(file, 'utf8') + settings)).listen(3000);
  `;
  using project = makeProject({
    files: {
      'services/foo/index.mjs': program,
      'services/bar/index.mjs': program,
      'resources/foo/settings.txt': ' of foo',
      'resources/bar/settings.txt': ' of bar',
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('foo of foo');
  expect(await (await fetch(uber.url('bar'))).text()).toBe('bar of bar');
});

test('a stop that comes during a restart is the end: nothing is started after it', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `
        import { createServer } from 'node:http';
        createServer((q, r) => r.end()).listen(3000);
        process.on('SIGTERM', () => { console.log('closing'); setTimeout(() => { console.log('closed'); process.exit(); }, 100); });
      `,
    },
  });
  const lines: string[] = [];
  const uber = await startUber({ cwd: project.root, onLog: ({ text }) => lines.push(text) });
  const url = uber.url('foo');
  const stopping = new Promise((resolve) => uber.on('state', resolve));
  const restart = uber.restart('foo');
  await stopping;
  await Promise.all([uber.stop(), expect(restart).rejects.toMatchObject({ code: 'STOPPED_EARLY' })]);
  expect(uber.snapshot().services).toMatchObject([{ service: 'foo', state: 'stopped', ready: null }]);
  expect(await isListening(url)).toBe(false);
  expect(lines).toEqual(['closing', 'closed']);
});

test('a service that crashes while others still start fails the start', async () => {
  using project = makeProject({
    files: {
      'services/boom.mjs': `
        import { createServer } from 'node:http';
        createServer().listen(3000);
        process.on('message', () => {});
        setTimeout(() => { throw new Error('too early') }, 50);
      `,
      'services/slow.mjs': 'export default { start: () => new Promise(() => setInterval(() => {}, 1000)) };',
    },
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({ code: 'CRASHED', service: 'boom' });
  expect(project.leftRuns()).toEqual([]);
});

test('short jobs are never taken for running ones', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `job${index}`);
  using project = makeProject({
    files: {
      ...Object.fromEntries(names.map((name) => [`services/${name}.mjs`, 'console.log(1);'])),
      'uber.config.json': JSON.stringify({
        services: Object.fromEntries(names.map((name) => [name, { ready: 'started' }])),
      }),
    },
  });
  const uber = await makeUber(project);
  const ended = new Set<string>();
  const all = new Promise<void>((resolve) => {
    uber.emitter.on('stopped', ({ service }) => {
      ended.add(service);
      if (ended.size === names.length) resolve();
    });
  });
  await uber.start();
  await all;
  expect(uber.snapshot().services.map(({ state }) => state)).toEqual(names.map(() => 'stopped'));
  await uber.stop();
});

test('a listener that throws does not stop the logs', async () => {
  using project = makeProject({
    files: {
      'main.mjs': `
        import { startUber } from 'uberservice';
        const seen = [];
        let errors = 0;
        process.on('uncaughtException', () => { errors += 1; });
        const uber = await startUber({ onLog: ({ text }) => { seen.push(text); if (text === 'line 2') throw new Error('mine'); } });
        await uber.stop();
        console.log(JSON.stringify({ seen, errors }));
      `,
      'services/foo.mjs':
        'for (let n = 1; n < 5; n += 1) console.log("line " + n); export default () => (q, r) => r.end();',
    },
  });
  const stdout = execFileSync(process.execPath, ['main.mjs'], { cwd: project.root, encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual({ seen: ['line 1', 'line 2', 'line 3', 'line 4'], errors: 1 });
});

test('a service that becomes ready while it is stopped stays stopped', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `import { createServer } from 'node:http';
        createServer((q, r) => r.end()).listen(3000, () => console.log('listens'));`,
    },
  });
  const uber = await makeUber(project);
  const states: string[] = [];
  uber.emitter.on('state', ({ state }) => states.push(state));
  uber.emitter.on('log', () => {
    // All that makes it ready has been said when it is stopped, and is on its way.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    void uber.stop();
  });
  await expect(uber.start()).rejects.toMatchObject({ code: 'STOPPED_EARLY' });
  expect(states).toEqual(['starting', 'stopping', 'stopped']);
  expect(project.leftRuns()).toEqual([]);
});

test('however many stand in a row, a stop takes twice the longest grace: the last one gets what is left', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const services = Object.fromEntries(
    names.map((name, index) => [name, { stopGraceMs: 400, dependsOn: names.slice(index + 1, index + 2) }]),
  );
  using project = makeProject({
    services: Object.fromEntries(names.map((name) => [`${name}.ts`, 'ignores-stop.ts'])),
    files: { 'uber.config.json': JSON.stringify({ services }) },
  });
  const uber = await makeUber(project);
  const waited: [string, number][] = [];
  uber.emitter.on('fault', ({ service, error }) => {
    waited.push([service, Number(/had not ended (\d+) ms/.exec(error.message)?.[1])]);
  });
  await uber.start();
  await uber.stop();
  expect(waited.map(([service]) => service)).toEqual(names);
  expect(waited[0]?.[1]).toBeGreaterThanOrEqual(399);
  expect(waited[3]?.[1]).toBeLessThan(400);
  expect(project.leftRuns()).toEqual([]);
});
