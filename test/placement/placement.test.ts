// What every placement must do alike: one suite, run for each.
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { type StartUberOptions, startUber, type UberHandle } from '../../launcher/index.ts';
import { PLACEMENTS } from '../support/placements.ts';
import { hasEnded, isAlive } from '../support/processes.ts';
import { isListening, makeProject, type TestProject } from '../support/project.ts';

const SERVER =
  "import { createServer } from 'node:http'; const server = createServer((q, r) => r.end('ok'));";

describe.each(PLACEMENTS)('placement %s', (isolation) => {
  const lines: string[] = [];
  const waiting = new Set<() => void>();

  function start(project: TestProject, options: StartUberOptions = {}): Promise<UberHandle> {
    lines.length = 0;
    const onLog: StartUberOptions['onLog'] = ({ service, stream, text }) => {
      lines.push(`${service} ${stream} ${text}`);
      for (const look of [...waiting]) look();
    };
    return startUber({ cwd: project.root, isolation, onLog, ...options });
  }

  /** Resolves when a line with the text has come. */
  function line(text: string): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = lines.find((each) => each.includes(text));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  }

  test('a service goes through its states, answers, writes to its log and leaves nothing', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${SERVER}
          console.log('out'); console.error('err'); process.stdout.write('no end');
          server.listen(3000, () => console.log(' of line, at', server.address().port));
          process.on('exit', () => console.log('last words'));`,
      },
    });
    const states: string[] = [];
    const uber = await start(project);
    uber.on('state', ({ state }) => states.push(state));
    const url = uber.url('foo');
    expect(await (await fetch(url)).text()).toBe('ok');
    const { port, pid, placement, threadId } = uber.snapshot().services[0]?.ready ?? {};
    expect(placement).toBe(isolation);
    expect(pid === process.pid).toBe(isolation !== 'process');
    expect(threadId === 0).toBe(isolation === 'process');
    await uber.stop();
    expect(states).toEqual(['stopping', 'stopped']);
    expect(await isListening(url)).toBe(false);
    expect(project.leftRuns()).toEqual([]);
    expect(lines.filter((each) => each.includes(' stdout '))).toEqual([
      'foo stdout out',
      `foo stdout no end of line, at ${port}`,
      'foo stdout last words',
    ]);
    expect(lines).toContain('foo stderr err');
  });

  test('it gets the environment, the arguments and the folder of its service, and keeps its own', async () => {
    using project = makeProject({
      files: {
        'services/foo/index.cjs': `
          const { UBER_SERVICE, PORT, BAR_URL, FROM_FILE } = process.env;
          const seen = { UBER_SERVICE, FROM_FILE, cwd: process.cwd(), args: process.argv.slice(2), main: require.main === module, file: process.argv[1] === __filename };
          process.env.LEAK = 'foo';
          require('http').createServer((q, r) => r.end(JSON.stringify(seen))).listen(PORT);`,
        'services/foo/.env': 'FROM_FILE=yes',
        'services/bar.mjs': `${SERVER} server.listen(3000); console.log('leak', process.env.LEAK, import.meta.main);`,
        'uber.config.json':
          '{ "services": { "foo": { "args": ["--x", "y z"] }, "bar": { "dependsOn": ["foo"], "cwd": "." } } }',
      },
    });
    await using uber = await start(project);
    expect(await (await fetch(uber.url('foo'))).json()).toEqual({
      UBER_SERVICE: 'foo',
      FROM_FILE: 'yes',
      cwd: project.path('services', 'foo'),
      args: ['--x', 'y z'],
      main: true,
      file: true,
    });
    expect(lines.find((each) => each.startsWith('bar'))).toMatch(
      /^bar stdout leak undefined (true|undefined)$/,
    );
  });

  test('a definition is started with its context and stopped by its hook', async () => {
    using project = makeProject({
      files: {
        'services/foo.ts': `import { defineService } from 'uberservice';
          enum Word { Hello = 'hello' }
          export default defineService({
            start(ctx) {
              ctx.signal.addEventListener('abort', () => console.log('aborted'));
              return (q: unknown, r: import('node:http').ServerResponse) => r.end(Word.Hello + ' ' + ctx.name + ' ' + ctx.run.id);
            },
            async stop() { await Promise.resolve(); console.log('hook'); },
          });`,
      },
    });
    const uber = await start(project);
    expect(await (await fetch(uber.url('foo'))).text()).toBe(`hello foo ${uber.runId}`);
    await uber.stop();
    expect(lines).toEqual(['foo stdout aborted', 'foo stdout hook']);
  });

  test('a file that only a computed import leads to is compiled while it runs, mistakes included', async () => {
    using project = makeProject({
      files: {
        'services/foo/index.ts': `${SERVER}
          const name = (word: string) => './plugins/' + word + '.ts';
          const { value } = await import(name('good'));
          const why = await import(name('bad')).catch((error) => error.name);
          console.log(value, why);
          server.listen(3000);`,
        'services/foo/plugins/good.ts': "enum Word { A = 'compiled' } export const value = Word.A;",
        'services/foo/plugins/bad.ts': 'enum {',
      },
    });
    await using uber = await start(project);
    expect(await line('compiled')).toBe('foo stdout compiled SyntaxError');
    expect(uber.urls.foo).toBeDefined();
  });

  test('a restart is a new incarnation on the same port', async () => {
    using project = makeProject({ files: { 'services/foo.mjs': `${SERVER} server.listen(3000);` } });
    await using uber = await start(project);
    const before = uber.snapshot().services[0]?.ready;
    const after = await uber.restart('foo');
    expect(after).toMatchObject({ url: before?.url, incarnation: 2 });
    expect([before?.pid, before?.threadId]).not.toEqual([after.pid, after.threadId]);
    expect(await (await fetch(uber.url('foo'))).text()).toBe('ok');
  });

  test.each([
    ['process.exit(3);', 'EXITED', /"foo" called process\.exit\(3\) while starting at .*foo\.mjs:1:\d+\.$/],
    ["throw new Error('on load');", 'LOAD_FAILED', /could not be loaded: on load$/],
    ["export default () => { throw new Error('in start'); };", 'START_FAILED', /failed to start: in start$/],
    ["setTimeout(() => { throw new Error('later'); });", 'CRASHED', /crashed while starting: later$/],
    [
      "Promise.reject(new Error('nobody cares')); setInterval(() => {}, 1000);",
      'UNHANDLED_REJECTION',
      /nobody cares$/,
    ],
    ["console.log('done');", 'NEVER_LISTENED', /ended without listening/],
    ["process.exitCode = 7; console.log('done');", 'EXITED', /ended by itself with exit code 7\.$/],
  ])('%s while it starts is told as what it is', async (source, code, message) => {
    using project = makeProject({ files: { 'services/foo.mjs': `console.log('before'); ${source}` } });
    const failure = await start(project).catch((error) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failure.lastLines).toContain('before');
    expect(project.leftRuns()).toEqual([]);
  });

  test('an end of its own when it was ready is told with the code, and the others go on', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `import { createServer } from 'node:http';
          createServer((q, r) => { r.end(); setImmediate(() => process.exit(4)); }).listen(3000);`,
        'services/bar.mjs': `${SERVER} server.listen(3000);`,
      },
    });
    await using uber = await start(project);
    const failed = new Promise((resolve) => uber.on('failed', ({ error }) => resolve(error)));
    await fetch(uber.url('foo')).catch(() => undefined);
    expect(await failed).toMatchObject({
      code: 'EXITED',
      message: expect.stringContaining('process.exit(4)'),
    });
    expect(await (await fetch(uber.url('bar'))).text()).toBe('ok');
  });

  test('a signal it sends to itself reaches its handlers, or ends it', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${SERVER} server.listen(3000);
          process.on('SIGUSR2', (signal) => console.log('handled', signal));
          process.kill(process.pid, 'SIGUSR2');`,
        'services/bar.mjs': "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);",
      },
    });
    await using uber = await start(project, { services: ['foo'] });
    expect(await line('handled')).toBe('foo stdout handled SIGUSR2');
    expect(uber.urls.foo).toBeDefined();
    const failure = await start(project, { services: ['bar'] }).catch((error) => error);
    expect(failure.service).toBe('bar');
    expect(failure.message).toMatch(/SIGTERM|143/);
  });

  test('a stop lets a request finish, and ends what would never end', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `import { createServer } from 'node:http';
          const server = createServer((q, r) => {
            if (q.url !== '/events') return void process.stdout.write('asked\\n', () => { globalThis.answer = () => r.end('whole'); });
            r.writeHead(200, { 'content-type': 'text/event-stream' }); r.write('data: 1\\n\\n');
          }).listen(3000);
          server.on('upgrade', (q, socket) => socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\nConnection: Upgrade\\r\\n\\r\\n'));
          process.on('exit', () => console.log('exit'));
          export default { start(ctx) { ctx.signal.addEventListener('abort', () => setTimeout(() => globalThis.answer(), 20)); } };`,
      },
    });
    const uber = await start(project, { config: { services: { foo: { stopGraceMs: 60_000 } } } });
    const { port } = new URL(uber.url('foo'));
    const events = await fetch(`${uber.url('foo')}/events`);
    const upgraded = await new Promise<import('node:net').Socket>((resolve) => {
      request({ port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade: 'x' } })
        .on('upgrade', (_response, socket) => resolve(socket))
        .end();
    });
    const idle = createConnection({ host: '127.0.0.1', port: Number(port) });
    idle.on('error', () => undefined);
    const answer = fetch(uber.url('foo')).then((response) => response.text());
    await line('asked');
    const broken = expect(events.text()).rejects.toThrow();
    await uber.stop();
    expect(await answer).toBe('whole');
    expect(lines.at(-1)).toBe('foo stdout exit');
    await broken;
    upgraded.destroy();
    idle.destroy();
  });

  test('one that does not stop is ended after its grace, with what it has started', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${SERVER} import { spawn } from 'node:child_process';
          const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
          process.on('SIGTERM', () => {}); server.listen(3000, () => console.log('child', child.pid));`,
      },
    });
    const uber = await start(project, { config: { services: { foo: { stopGraceMs: 50 } } } });
    const pid = Number((await line('child')).split(' ').at(-1));
    expect(isAlive(pid)).toBe(true);
    await uber.stop();
    await hasEnded(pid);
  });

  test('many lines, written at once and just before the end, all arrive in order', async () => {
    using project = makeProject({
      files: {
        'services/foo.mjs': `${SERVER} server.listen(3000);
          process.on('SIGTERM', () => { for (let i = 0; i < 20000; i += 1) console.log('line', i); process.exit(0); });`,
      },
    });
    const uber = await start(project);
    await uber.stop();
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, index) => `foo stdout line ${index}`));
  });

  test('a folder that is not there is refused before anything starts', async () => {
    using project = makeProject({ files: { 'services/foo.mjs': `${SERVER} server.listen(3000);` } });
    const config = { services: { foo: { cwd: 'nowhere' } } };
    await expect(start(project, { config })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `services.foo.cwd is no folder: ${project.path('nowhere')}`,
    });
  });
});
