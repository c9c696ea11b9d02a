// The library as a caller sees it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { startUber } from '../launcher/index.ts';
import { isListening, makeProject } from './support/project.ts';

test('a handle tells URLs, environment and snapshot, and disposes of everything', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts', 'bar.ts': 'answers.ts' } });
  const seen: string[] = [];
  let url = '';
  {
    await using uber = await startUber({
      cwd: project.root,
      services: ['foo'],
      namespace: 'blue',
      env: ['foo.TINT=blue'],
    });
    url = uber.url('foo');
    expect(uber.urls).toEqual({ foo: url });
    expect(uber.env('foo').TINT).toEqual({ value: 'blue', origin: '--env' });
    expect(uber.env('foo').UBER_NAMESPACE?.value).toBe('blue');
    expect(uber.snapshot()).toMatchObject({
      run: uber.runId,
      namespace: 'blue',
      root: project.root,
      services: [{ service: 'foo', state: 'ready', ready: { url } }],
    });
    expect(() => uber.url('bar')).toThrow('No service "bar" is listening in this run. Listening: foo.');
    await expect(uber.restart('bar')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' });
    const off = uber.on('stopped', ({ service }) => seen.push(service));
    uber.on('down', ({ run }) => seen.push(run));
    off();
    seen.push(uber.runId);
  }
  expect(seen).toEqual([seen[0], seen[0]]);
  expect(await isListening(url)).toBe(false);
  expect(project.leftRuns()).toEqual([]);
});

test('a configuration may be given as a value', async () => {
  using project = makeProject({
    files: { 'anywhere/program.mjs': 'export default () => (q, r) => r.end(process.env.WHO);' },
  });
  await using uber = await startUber({
    cwd: project.root,
    config: { services: { tea: { entry: './anywhere/program.mjs', env: { WHO: 'tea' } } } },
  });
  expect(await (await fetch(uber.url('tea'))).text()).toBe('tea');
});

test('a configuration file may be named', async () => {
  using project = makeProject({
    files: {
      'deep/services/foo.mjs': 'export default () => (q, r) => r.end("found");',
      'deep/other.config.ts':
        "import { defineConfig } from 'uberservice'; export default defineConfig({ services: { foo: './services/foo.mjs' } });",
    },
  });
  await using uber = await startUber({ cwd: project.root, config: 'deep/other.config.ts' });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('found');
});

test('a changed configuration file is read anew in the same process', () => {
  // In a process of its own: jest has a module cache that keeps the first content of a file.
  using project = makeProject({
    services: { 'foo.ts': 'answers.ts' },
    files: {
      'twice.mjs': `
        import { writeFileSync } from 'node:fs';
        import { startUber } from 'uberservice';
        for (const tint of ['red', 'green']) {
          writeFileSync('uber.config.ts', 'export default { services: { foo: { env: { TINT: "' + tint + '" } } } };');
          const uber = await startUber();
          console.log(uber.env('foo').TINT.value);
          await uber.stop();
        }
      `,
    },
  });
  const stdout = execFileSync(process.execPath, ['twice.mjs'], { cwd: project.root, encoding: 'utf8' });
  expect(stdout).toBe('red\ngreen\n');
});

test('a failed start leaves nothing and can be tried again', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts' } });
  mkdirSync(project.path('resources'));
  writeFileSync(project.path('resources', 'foo'), '');
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    name: 'UberError',
    code: 'RESOURCE_INVALID',
    service: 'foo',
  });
  expect(project.leftRuns()).toEqual([]);
  await using uber = await startUber({
    cwd: project.root,
    config: { services: { bar: './services/foo.ts' } },
    services: ['bar'],
  });
  expect(await isListening(uber.url('bar'))).toBe(true);
});

test('an unknown service is refused with the nearest name', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts' } });
  await expect(startUber({ cwd: project.root, services: ['fou'] })).rejects.toMatchObject({
    code: 'UNKNOWN_SERVICE',
    hint: 'Did you mean "foo"?',
  });
});

test('ctx tells a service everything, and only what is there', async () => {
  using project = makeProject({
    files: {
      'resources/foo/data.txt': 'from resources',
      'services/foo.mts': `
        import { readFileSync, existsSync } from 'node:fs';
        import { createServer } from 'node:http';
        import { defineService } from 'uberservice';
        const stopped: string[] = [];
        export default defineService({
          start(ctx) {
            ctx.log.info({ a: 1 }, 'hello from ctx.log');
            ctx.signal.addEventListener('abort', () => ctx.log.info('aborted'));
            const unknown = (() => { try { return ctx.services.url('nobody'); } catch (error) { return (error as Error).message; } })();
            const body = {
              name: ctx.name, host: ctx.host, port: ctx.port, url: ctx.url, env: ctx.env.UBER_SERVICE,
              resource: readFileSync(ctx.resources.dir + '/data.txt', 'utf8'), hasData: existsSync(ctx.resources.dataDir),
              bar: ctx.services.url('bar'), unknown, run: ctx.run,
            };
            return createServer((q, r) => r.end(JSON.stringify(body)));
          },
          async stop() { console.log('stop hook'); },
        });
      `,
    },
    services: { 'bar.ts': 'answers.ts' },
  });
  const lines: string[] = [];
  const uber = await startUber({
    cwd: project.root,
    onLog: ({ service, fields, text }) => service === 'foo' && lines.push(String(fields?.msg ?? text)),
  });
  const body = (await (await fetch(uber.url('foo'))).json()) as Record<string, unknown>;
  const { port } = new URL(uber.url('foo'));
  expect(body).toEqual({
    name: 'foo',
    host: '127.0.0.1',
    port: Number(port),
    url: uber.url('foo'),
    env: 'foo',
    resource: 'from resources',
    hasData: true,
    bar: uber.url('bar'),
    unknown: 'No service "nobody" in this run. Known: bar, foo.',
    run: { id: uber.runId, namespace: 'default' },
  });
  await uber.stop();
  expect(lines).toEqual(['hello from ctx.log', 'aborted', 'stop hook']);
});
