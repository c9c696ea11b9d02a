// Placement `shared`: services of one thread, each with a process object, modules, output and an end of its own.
import { isListening, makeProject } from '../support/project.ts';
import { listenAnywhere, serve, startShared as start, stateOf, until, untilGone } from '../support/shared.ts';

describe('what a service sees is its own', () => {
  test('environment, arguments, folder and main module, also of code that a package runs', async () => {
    using project = makeProject({
      files: {
        'node_modules/asks/index.js': `
          const { env } = process;
          exports.name = () => env.UBER_SERVICE;
          exports.later = () => new Promise((done) => setTimeout(() => done(process.env.UBER_SERVICE), 1));`,
        ...Object.fromEntries(
          ['foo', 'bar'].map((name) => [
            `services/${name}/index.cjs`,
            `const asks = require('asks');
             process.env.OWN = '${name}'; process.env.GONE = 'x'; delete process.env.GONE;
             ${serve(`async () => ({
               own: process.env.OWN, copy: { ...process.env }.UBER_SERVICE, has: 'OWN' in process.env,
               gone: 'GONE' in process.env, keys: Object.keys(process.env).includes('OWN'),
               cwd: require('path').basename(process.cwd()), read: require('fs').readFileSync('own.txt', 'utf8'),
               args: process.argv.slice(2), main: require.main === module, mainModule: process.mainModule === module,
               file: process.argv[1] === __filename, named: asks.name(), later: await asks.later(),
             })`)}`,
          ]),
        ),
        'services/foo/own.txt': 'of foo',
        'services/bar/own.txt': 'of bar',
      },
      packages: false,
    });
    const config = { services: { foo: { args: ['--foo'] }, bar: { args: ['--bar'] } } };
    await using run = await start(project, { config });
    for (const name of ['foo', 'bar'])
      expect(await run.ask(name)).toEqual({
        own: name,
        copy: name,
        has: true,
        gone: false,
        keys: true,
        cwd: name,
        read: `of ${name}`,
        args: [`--${name}`],
        main: true,
        mainModule: true,
        file: true,
        named: name,
        later: name,
      });
    const [foo, bar] = run.uber.snapshot().services.map(({ ready }) => ready);
    expect(foo?.threadId).toBe(bar?.threadId);
    expect(foo).toMatchObject({ placement: 'shared', pid: process.pid });
  });

  test('output is told under its name, however it is written', async () => {
    const writes = (name: string): string => `
      const fs = require('fs'), { execFileSync, spawn } = require('child_process');
      console.log('${name} console'); process.stdout.write('${name} stream\\n'); fs.writeSync(1, '${name} descriptor\\n');
      execFileSync(process.execPath, ['-e', 'console.log(process.env.UBER_SERVICE, "sync child")'], { stdio: 'inherit' });
      spawn(process.execPath, ['-e', 'console.log(process.env.UBER_SERVICE, "child")'], { stdio: 'inherit' })
        .on('exit', () => setImmediate(() => { Promise.resolve().then(() => console.log('${name} end')); }));
      ${serve('() => console.log("asked")')}`;
    using project = makeProject({
      files: { 'services/foo.cjs': writes('foo'), 'services/bar.cjs': writes('bar') },
    });
    await using run = await start(project);
    await Promise.all(
      ['foo', 'bar'].map(
        (name) =>
          new Promise<void>((resolve) => {
            const look = (): void => void (run.linesOf(name).includes(`${name} end`) && resolve());
            run.uber.on('log', () => setImmediate(look));
            look();
          }),
      ),
    );
    for (const name of ['foo', 'bar']) {
      const wanted = ['console', 'stream', 'descriptor', 'sync child', 'child', 'end'];
      expect(run.linesOf(name)).toEqual(wanted.map((word) => `${name} ${word}`));
    }
  });

  test('a package is loaded once, a source of its own and one of the workspace once for each', async () => {
    const service = `
      import counted from 'counted';
      import esm from 'counted-esm';
      import { count } from '../../lib/count.mjs';
      import common from '../../lib/common.cjs';
      import { createServer } from 'node:http';
      const seen = { package: counted.next(), esm: esm.next(), own: count(), common: common.next() };
      createServer((q, r) => r.end(JSON.stringify({
        ...seen, url: import.meta.url === new URL('file://' + process.argv[1]).href, file: import.meta.filename === process.argv[1],
      }))).listen(3000);`;
    using project = makeProject({
      files: {
        'node_modules/counted/index.js': 'let n = 0; exports.next = () => ++n;',
        'node_modules/counted-esm/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/counted-esm/index.js': 'let n = 0; export default { next: () => ++n };',
        'lib/count.mjs': 'let n = 0; export const count = () => ++n;',
        'lib/common.cjs': 'let n = 0; exports.next = () => ++n;',
        'services/foo/index.mjs': service,
        'services/bar/index.mjs': service,
      },
      packages: false,
    });
    await using run = await start(project);
    const own = { own: 1, common: 1, url: true, file: true };
    const all = (await Promise.all([run.ask('foo'), run.ask('bar')])) as { package: number }[];
    const sorted = all.toSorted((a, b) => a.package - b.package);
    expect(sorted).toEqual([
      { package: 1, esm: 1, ...own },
      { package: 2, esm: 2, ...own },
    ]);
    await run.uber.restart('foo');
    expect(await run.ask('foo')).toEqual({ package: 3, esm: 3, ...own });
  });

  test('TypeScript of two services is compiled for each, and a restart runs what was edited', async () => {
    const service = (word: string): string => `
      import { createServer } from 'node:http';
      import { own } from './own';
      enum Word { Is = '${word}' }
      createServer((_q, r) => r.end(JSON.stringify([Word.Is, own()]))).listen(3000);`;
    using project = makeProject({
      files: {
        'services/foo/index.ts': service('foo'),
        'services/foo/own.ts': 'export const own = () => process.env.UBER_SERVICE;',
        'services/bar/index.ts': service('bar'),
        'services/bar/own.ts': 'export const own = () => process.env.UBER_SERVICE;',
      },
    });
    await using run = await start(project);
    expect([await run.ask('foo'), await run.ask('bar')]).toEqual([
      ['foo', 'foo'],
      ['bar', 'bar'],
    ]);
    project.write({
      'services/foo/index.ts': service('edited'),
      'services/foo/own.ts': "export const own = () => 'too';",
    });
    await run.uber.restart('foo');
    expect(await run.ask('foo')).toEqual(['edited', 'too']);
    expect(await run.ask('bar')).toEqual(['bar', 'bar']);
  });
});

describe('an end is its own', () => {
  test.each([
    ['process.exit(3)', 'EXITED', /called process\.exit\(3\)/],
    ["setTimeout(() => { throw new Error('timer'); })", 'CRASHED', /crashed: timer/],
    ["setImmediate(() => { throw new Error('turn'); })", 'CRASHED', /crashed: turn/],
    ["process.nextTick(() => { throw new Error('tick'); })", 'CRASHED', /crashed: tick/],
    ["queueMicrotask(() => { throw new Error('micro'); })", 'CRASHED', /crashed: micro/],
    ["Promise.reject(new Error('nobody'))", 'UNHANDLED_REJECTION', /nobody/],
    ['Promise.reject({ a: 1 })', 'UNHANDLED_REJECTION', /#<Object>/],
    ["require('fs').readFile('x', () => { throw new Error('file'); })", 'CRASHED', /crashed: file/],
    ["process.kill(process.pid, 'SIGTERM')", 'EXITED', /called process\.exit\(143\)/],
    ["require('breaks').later()", 'CRASHED', /crashed: in a package/],
  ])('%s ends the service that does it', async (code, name, message) => {
    const victim = serve(`(q) => { if (q.url === '/now') setImmediate(() => { ${code}; }); }`);
    using project = makeProject({
      files: {
        'node_modules/breaks/index.js':
          "exports.later = () => setTimeout(() => { throw new Error('in a package'); }, 1);",
        'services/foo.cjs': `require('breaks'); ${victim}`,
        'services/bar.cjs': `require('breaks'); ${victim}`,
      },
      packages: false,
    });
    await using run = await start(project);
    const failed = new Promise<{ service: string | null; error: Error }>((resolve) => {
      run.uber.on('fault', (fault) => resolve(fault as { service: string | null; error: Error }));
      run.uber.on('failed', (fault) => resolve(fault as { service: string | null; error: Error }));
    });
    await fetch(`${run.uber.url('foo')}/now`).catch(() => undefined);
    expect(await failed).toMatchObject({
      service: 'foo',
      error: { code: name, message: expect.stringMatching(message) },
    });
    await until(run.uber, 'foo', 'failed 1');
    expect(stateOf(run.uber, 'bar')).toBe('ready 1');
    expect(await run.ask('bar')).toBe(null);
  });

  test('handlers for errors, signals and the end are called for who has registered them only', async () => {
    const service = (name: string): string => `
      process.on('SIGTERM', () => { console.log('${name} term'); process.exit(0); });
      process.on('exit', (code) => console.log('${name} exit', code));
      process.on('uncaughtException', (error, origin) => console.log('${name} caught', error.message, origin));
      process.on('unhandledRejection', (reason) => console.log('${name} rejected', reason));
      ${serve(`(q) => {
        if (q.url === '/throw') setImmediate(() => { throw new Error('oh'); });
        if (q.url === '/reject') Promise.reject('no');
        return process.listenerCount('SIGTERM');
      }`)}`;
    using project = makeProject({
      files: { 'services/foo.cjs': service('foo'), 'services/bar.cjs': service('bar') },
    });
    const run = await start(project);
    expect(await run.ask('foo', '/throw')).toBe(1);
    expect(await run.ask('foo', '/reject')).toBe(1);
    await run.uber.restart('foo');
    expect(run.linesOf('bar')).toEqual([]);
    expect(stateOf(run.uber, 'bar')).toBe('ready 1');
    await run.uber.stop();
    expect(run.linesOf('bar')).toEqual(['bar term', 'bar exit 0']);
    expect(run.linesOf('foo')).toEqual([
      'foo caught oh uncaughtException',
      'foo rejected no',
      'foo term',
      'foo exit 0',
      'foo term',
      'foo exit 0',
    ]);
  });

  test('what it has open is closed, and what comes behind its end starts nothing', async () => {
    await using outside = await listenAnywhere();
    using project = makeProject({
      files: {
        'services/foo.cjs': `
          const net = require('net'), fs = require('fs'), { spawn } = require('child_process'), { Worker } = require('worker_threads');
          setInterval(() => console.log('foo tick'), 5); setInterval(() => {}, 1000);
          (async () => { for (;;) { await require('timers/promises').setTimeout(5); console.log('foo wait'); } })();
          const again = () => net.connect(${outside.port}).on('close', () => setTimeout(again)).on('error', () => {});
          again();
          fs.watch('.', () => {}); fs.watchFile(__filename, () => {});
          require('dgram').createSocket('udp4').bind(0);
          new Worker('setInterval(() => {}, 1000)', { eval: true });
          const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).on('exit', () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']));
          ${serve('() => child.pid')}`,
        'services/bar.cjs': `const timer = setInterval(() => {}, 1000); ${serve('() => process.getActiveResourcesInfo()')}`,
      },
    });
    await using run = await start(project);
    const url = run.uber.url('foo');
    const pid = (await run.ask('foo')) as number;
    await outside.count(1);
    await run.uber.stopService('foo');
    expect(await isListening(url)).toBe(false);
    await outside.count(0);
    await untilGone(pid);
    const written = run.linesOf('foo').length;
    const kinds = ['FSEventWrap', 'StatWatcher', 'UDPWRAP', 'Worker', 'ProcessWrap'];
    const isLeft = async (): Promise<boolean> =>
      ((await run.ask('bar')) as string[]).some((kind) => kinds.includes(kind));
    // What was closed is gone a few turns later. One that never is runs out of time.
    while (await isLeft());
    await run.ask('bar');
    expect(run.linesOf('foo')).toHaveLength(written);
    expect(outside.total).toBe(1);
  });
});
