// A thread as a process of its own: what a program does to itself stays with it.
import { startUber } from '../../launcher/start-uber.ts';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

const SERVER =
  "import { createServer } from 'node:http'; const server = createServer((q, r) => r.end('ok'));";

async function answers(files: Record<string, string>): Promise<Record<string, string>> {
  using project = makeProject({ files });
  await using uber = await startUber({ cwd: project.root });
  const entries = Object.entries(uber.urls).map(
    async ([name, url]) => [name, await (await fetch(url)).text()] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

test('a handler that sends its own process the signal again ends its thread only', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `${SERVER} server.listen(3000);
        process.once('SIGTERM', () => { console.log('cleaned up'); process.kill(process.pid, 'SIGTERM'); });`,
      'services/bar.mjs': `${SERVER} server.listen(3000);`,
    },
  });
  const lines: string[] = [];
  await using uber = await startUber({ cwd: project.root, onLog: ({ text }) => lines.push(text) });
  await uber.restart('foo');
  expect(lines).toEqual(['cleaned up']);
  expect(await (await fetch(uber.url('bar'))).text()).toBe('ok');
});

test('a service may make what it likes of Error.prepareStackTrace', async () => {
  using project = makeProject({
    files: { 'services/foo.mjs': 'Error.prepareStackTrace = (error, sites) => sites; process.exit(4);' },
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    code: 'EXITED',
    message: expect.stringContaining(`while starting at ${project.path('services', 'foo.mjs')}:1:`),
  });
});

test('the place of process.exit is a path, also in a folder with spaces', async () => {
  using project = makeProject({
    files: {
      'my services/foo.mjs': 'process.exit(4);',
      'my services/bar.cjs': 'process.exit(5);',
      'uber.config.json':
        '{ "services": { "foo": "./my services/foo.mjs", "bar": "./my services/bar.cjs" } }',
    },
  });
  for (const [name, file, code] of [
    ['foo', 'foo.mjs', 4],
    ['bar', 'bar.cjs', 5],
  ] as const) {
    await expect(startUber({ cwd: project.root, services: [name] })).rejects.toMatchObject({
      message: `"${name}" called process.exit(${code}) while starting at ${project.path('my services', file)}:1:9.`,
    });
  }
});

test('an exception that the service handles is no failure, whenever it comes', async () => {
  const handled = `
    process.on('uncaughtException', () => {});
    queueMicrotask(() => { throw new Error('handled'); });
    setTimeout(() => { throw new Error('handled too'); }, 1);
  `;
  expect(
    await answers({ 'services/foo.mjs': `${handled} ${SERVER} setTimeout(() => server.listen(3000), 30);` }),
  ).toEqual({
    foo: 'ok',
  });
});

test('exported classes and servers that listen by themselves are left alone', async () => {
  expect(
    await answers({
      'services/repository.mjs': `${SERVER} server.listen(3000); export default class Repository { find() {} }`,
      'services/subclass.mjs': `import http from 'node:http';
        export default class Mine extends http.Server {}
        new Mine((q, r) => r.end('mine')).listen(3000);`,
    }),
  ).toEqual({ repository: 'ok', subclass: 'mine' });
});

test('a server that is opened only to look for a free port does not make the service ready', async () => {
  const probing = `
    import net from 'node:net';
    ${SERVER}
    const probe = net.createServer().listen(3000, () => probe.close(() => setTimeout(() => server.listen(3000), 100)));
  `;
  expect(await answers({ 'services/foo.mjs': probing })).toEqual({ foo: 'ok' });
});

test('a port may be given up and taken again at once', async () => {
  const swapping = `
    import { createServer } from 'node:http';
    const first = createServer((q, r) => r.end('first')).listen(3000, () => {
      first.close();
      createServer((q, r) => r.end('second')).listen(3000);
    });
  `;
  expect(await answers({ 'services/foo.mjs': swapping })).toEqual({ foo: 'second' });
});

test('a second listen after the start gets the error it would get in a process', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `
        import { createServer } from 'node:http';
        createServer((q, r) => {
          const second = createServer().listen(3000);
          second.on('error', (error) => r.end(error.code));
        }).listen(3000);
      `,
      'services/bar.mjs': `
        import { createServer } from 'node:http';
        const server = createServer((q, r) => { try { server.listen(4000); } catch (error) { r.end(error.code); } }).listen(3000);
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('EADDRINUSE');
  expect(await (await fetch(uber.url('bar'))).text()).toBe('ERR_SERVER_ALREADY_LISTEN');
});

test('a host may be a name', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': `${SERVER} server.listen(3000);` } });
  await using uber = await startUber({ cwd: project.root, host: 'localhost' });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('ok');
});

test('records of winston and records without a level are readable too', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `console.log('{"level":"info","message":"from winston","port":1}'); console.log('{"plain":"json"}'); ${SERVER} server.listen(3000);`,
    },
  });
  await using uber = new UberProcess(['foo'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  expect(uber.stdout).toContain('foo | INFO: from winston {"port":1}\n');
  expect(uber.stdout).toContain('foo | {"plain":"json"}\n');
});

test('a log record that no formatter understands is shown as it came', async () => {
  const record = '{"level":{"level":20000,"levelStr":"INFO"},"data":["hi"]}';
  using project = makeProject({
    files: { 'services/foo.mjs': `console.log('${record}'); ${SERVER} server.listen(3000);` },
  });
  await using uber = new UberProcess(['foo'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  expect(uber.stdout).toContain(`foo | ${record}\n`);
  uber.kill('SIGINT');
  expect((await uber.ended).signal).toBe('SIGINT');
});
