// The main job: `uber foo bar`, from the outside.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import request from 'supertest';
import { isListening, makeProject, REPOSITORY, untilClosed } from '../support/project.ts';
import { runUber, UberProcess } from '../support/uber-process.ts';

const ANSWERS = { services: { 'foo.ts': 'answers.ts', 'bar.ts': 'answers.ts' } };

test('foo and bar boot, bar answers with what foo said, and SIGINT leaves nothing', async () => {
  await using uber = new UberProcess(['foo', 'bar', '--json'], { cwd: REPOSITORY });
  const up = await uber.event('up');
  const ready = uber.events().filter(({ event }) => event === 'ready') as unknown as Record<string, string>[];
  expect(ready.map(({ service }) => service).sort()).toEqual(['bar', 'foo']);
  for (const row of ready) {
    expect(row).toEqual({
      event: 'ready',
      service: row.service,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      port: Number(new URL(row.url ?? '').port),
      extraPorts: [],
      sockets: [],
      placement: 'thread',
      pid: uber.child.pid,
      threadId: expect.any(Number),
      incarnation: 1,
      bootMs: expect.any(Number),
      resourceDir: join(REPOSITORY, 'resources', row.service ?? ''),
      dataDir: join(REPOSITORY, '.uber', 'runs', String(up.run), row.service ?? ''),
    });
  }
  expect(new Set(ready.map(({ threadId }) => threadId)).size).toBe(2);
  const urls = Object.fromEntries(ready.map(({ service, url }) => [service, url ?? '']));
  const answer = await request(urls.bar ?? '')
    .get('/hello')
    .expect(200);
  expect(answer.body).toMatchObject({ service: 'bar', run: up.run, foo: { service: 'foo', run: up.run } });
  expect(ready.every(({ dataDir }) => existsSync(dataDir ?? ''))).toBe(true);

  uber.kill('SIGINT');
  const { signal } = await uber.ended;
  expect(signal).toBe('SIGINT');
  expect(
    uber
      .events()
      .filter(({ event }) => event === 'stopped')
      .map(({ service }) => service)
      .sort(),
  ).toEqual(['bar', 'foo']);
  expect(uber.events().at(-1)).toEqual({ event: 'down', run: up.run, faults: {} });
  expect(await Promise.all(Object.values(urls).map((url) => isListening(String(url))))).toEqual([
    false,
    false,
  ]);
  expect(existsSync(join(REPOSITORY, '.uber', 'runs', String(up.run)))).toBe(false);
});

test('a pipe gets plain lines: the services with their names, then a table', async () => {
  using project = makeProject(ANSWERS);
  await using uber = new UberProcess(['foo', 'bar'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  expect(uber.stdout).toMatch(/^NAME {2}STATE {2}URL +PLACEMENT {2}BOOT$/m);
  expect(uber.stdout).toMatch(/^foo {3}ready {2}http:\/\/127\.0\.0\.1:\d+ {2}thread +\d+ ms$/m);
  expect(uber.stdout).toMatch(/^2 services ready in \d+ ms\. Ctrl\+C stops\.$/m);
  expect(uber.stdout).not.toContain('\u001b[');
  uber.kill('SIGTERM');
  expect((await uber.ended).signal).toBe('SIGTERM');
  expect(project.leftRuns()).toEqual([]);
});

test('FORCE_COLOR colours a pipe, NO_COLOR and --no-color do not', async () => {
  using project = makeProject({ files: { 'services/foo/index.ts': 'export default () => {};' } });
  const error = async (args: string[], env: Record<string, string>): Promise<boolean> =>
    (await runUber(['fo', ...args], { cwd: project.root, env })).stderr.includes('\u001b[');
  expect(await error([], {})).toBe(false);
  expect(await error([], { FORCE_COLOR: '1' })).toBe(true);
  expect(await error(['--no-color'], { FORCE_COLOR: '1' })).toBe(false);
  expect(await error([], { NO_COLOR: '1' })).toBe(false);
});

test('without names it lists what there is; --dry-run prints the plan; neither starts anything', async () => {
  using project = makeProject({
    ...ANSWERS,
    files: {
      'resources/foo/.env': '',
      'uber.config.json': JSON.stringify({
        services: { bar: { dependsOn: ['foo'], port: 4321 } },
        groups: { core: ['bar'] },
      }),
    },
  });
  const known = await runUber([], { cwd: project.root });
  expect(known).toMatchObject({ exitCode: 0, stderr: '' });
  expect(known.stdout).toBe(
    'Services: bar, foo\nGroups:   @core\n\nStart some:  uber bar foo\nStart all:   uber up\nMore:        uber --help\n',
  );
  const plan = await runUber(['@core', '--dry-run'], { cwd: project.root });
  expect(plan.stdout).toBe(
    [
      'NAME  ENTRY            AFTER  PORT  PLACEMENT  RESOURCES',
      'foo   services/foo.ts  -      free  thread     resources/foo',
      'bar   services/bar.ts  foo    4321  thread     -',
      '',
    ].join('\n'),
  );
  const json = await runUber(['bar', '--dry-run', '--json', '--no-deps'], { cwd: project.root });
  expect(JSON.parse(json.stdout)).toMatchObject({
    event: 'plan',
    services: [{ service: 'bar', port: 4321 }],
  });
  expect(existsSync(project.path('.uber'))).toBe(false);
});

test('uber.config.ts beside a package.json without "type": nothing but the answer', async () => {
  using project = makeProject({
    ...ANSWERS,
    files: { 'package.json': '{}', 'uber.config.ts': 'export default { groups: { core: ["foo"] } };' },
  });
  expect(await runUber([], { cwd: project.root })).toMatchObject({ exitCode: 0, stderr: '' });
});

test('--help shows verbs, options, examples and exit codes', async () => {
  const { stdout, exitCode } = await runUber(['--help'], { cwd: REPOSITORY });
  expect(exitCode).toBe(0);
  for (const part of [
    'uber up [services..]',
    'uber env',
    '--dry-run',
    'uber @core --env foo.LOG_LEVEL=debug',
    'Exit codes:',
  ]) {
    expect(stdout).toContain(part);
  }
  expect((await runUber(['env', '--help'], { cwd: REPOSITORY })).stdout).toContain('secrets masked');
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect((await runUber(['--version'], { cwd: REPOSITORY })).stdout).toBe(`${version}\n`);
});

test('^C while starting stops the start', async () => {
  using project = makeProject({ services: { 'foo.ts': 'slow-start.ts', 'bar.ts': 'answers.ts' } });
  await using uber = new UberProcess(['up', '--json'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('begun'), 'the start of foo');
  uber.kill('SIGINT');
  expect((await uber.ended).signal).toBe('SIGINT');
  expect(uber.events().map(({ event }) => event)).not.toContain('failed');
  expect(project.leftRuns()).toEqual([]);
});

test('a second ^C ends at once, and still leaves nothing', async () => {
  using project = makeProject({
    services: { 'foo.ts': 'ignores-stop.ts' },
    files: { 'uber.config.json': '{ "services": { "foo": { "stopGraceMs": 3600000 } } }' },
  });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  const { services } = await uber.event('up');
  uber.kill('SIGINT');
  await uber.until(() => uber.stdout.includes('"text":"no"'), 'the first signal');
  // The hour of grace has begun; only another signal can end it. One within the same press would not count.
  const again = setInterval(() => uber.kill('SIGINT'), 50);
  expect((await uber.ended).signal).toBe('SIGINT');
  clearInterval(again);
  expect(project.leftRuns()).toEqual([]);
  const [{ url }] = services as [{ url: string }];
  expect(await isListening(url)).toBe(false);
});

test('a second ^C and the end of uber itself leave no service in a process of its own', async () => {
  using project = makeProject({
    services: { 'foo.ts': 'ignores-stop.ts' },
    files: {
      'services/bar.mjs': `import { createServer } from 'node:http'; createServer().listen(3000);`,
      'uber.config.json': '{ "services": { "foo": { "stopGraceMs": 3600000 } } }',
    },
  });
  /** Resolves when the process at the other end has let go of the connection. */
  const ended = (url: string): Promise<unknown> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    // Reset or not: `once` of node:events would reject for it.
    socket.on('error', () => undefined);
    return new Promise((resolve) => socket.once('close', resolve));
  };
  const start = (name: string): UberProcess =>
    new UberProcess([name, '--json', '--isolation', 'process'], { cwd: project.root });
  {
    await using uber = start('foo');
    const { services } = await uber.event('up');
    const [{ url }] = services as [{ url: string }];
    const gone = ended(url);
    uber.kill('SIGINT');
    await uber.until(() => uber.stdout.includes('"text":"no"'), 'the first signal');
    const again = setInterval(() => uber.kill('SIGINT'), 50);
    expect((await uber.ended).signal).toBe('SIGINT');
    clearInterval(again);
    await gone;
    await untilClosed(url);
    expect(project.leftRuns()).toEqual([]);
  }
  await using uber = start('bar');
  const { services } = await uber.event('up');
  const [{ url }] = services as [{ url: string }];
  const gone = ended(url);
  uber.kill('SIGKILL');
  await gone;
  await untilClosed(url);
});

test('the placement of all services may be asked for, and must be one there is', async () => {
  using project = makeProject({ services: { foo: 'answers.ts' } });
  const { exitCode, stderr } = await runUber(['foo', '--isolation', 'moon'], { cwd: project.root });
  expect(exitCode).toBe(2);
  expect(stderr).toBe(
    'error: --isolation must be "thread" or "shared" or "process" or "auto", got "moon".\nSee: uber --help\n',
  );
});

test('a stop that is ignored is ended after the grace', async () => {
  using project = makeProject({
    services: { 'foo.ts': 'ignores-stop.ts' },
    files: { 'uber.config.json': '{ "services": { "foo": { "stopGraceMs": 100 } } }' },
  });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  await uber.event('up');
  uber.kill('SIGTERM');
  expect((await uber.ended).signal).toBe('SIGTERM');
  expect(project.leftRuns()).toEqual([]);
});

test("a service's own SIGTERM handler runs and its last words are heard", async () => {
  using project = makeProject({ services: { 'foo.ts': 'handles-sigterm.ts' } });
  await using uber = new UberProcess(['foo'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  uber.kill('SIGINT');
  const { stdout } = await uber.ended;
  expect(stdout).toMatch(/foo \| got SIGTERM\nfoo \| closed\n$/);
});

test('a reader that goes away stops the run in order', async () => {
  using project = makeProject(ANSWERS);
  await using uber = new UberProcess(['foo', 'bar', '--json'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('\n'), 'a first line');
  uber.child.stdout.destroy();
  // The next line is written to a closed pipe.
  await new Promise<void>((resolve) => uber.child.once('exit', () => resolve()));
  expect({ exitCode: uber.child.exitCode, signal: uber.child.signalCode }).toEqual({
    exitCode: 0,
    signal: null,
  });
  expect(project.leftRuns()).toEqual([]);
});

test('--wait-timeout gives up with exit code 4 and names who is late', async () => {
  using project = makeProject({ services: { 'foo.ts': 'slow-start.ts', 'bar.ts': 'answers.ts' } });
  const { stderr, exitCode } = await runUber(['up', '--wait-timeout', '5'], { cwd: project.root });
  expect(stderr).toBe('error: Not ready after 5 s: foo (starting).\nRaise --wait-timeout.\n');
  expect(exitCode).toBe(4);
  expect(project.leftRuns()).toEqual([]);
});

test('--wait-timeout does not hold up a start that fails by itself', async () => {
  using project = makeProject({ services: { 'foo.ts': 'exits-while-starting.ts' } });
  const { stderr, exitCode } = await runUber(['foo', '--wait-timeout', '86400'], { cwd: project.root });
  expect(stderr).not.toContain('Not ready');
  expect(exitCode).toBe(1);
  const tooLong = await runUber(['foo', '--wait-timeout', '9999999'], { cwd: project.root });
  expect(tooLong).toMatchObject({
    exitCode: 2,
    stderr: 'error: --wait-timeout takes a number of seconds from 1 to 86400, got 9999999.\n',
  });
});

test('--keep keeps data directories and logs', async () => {
  using project = makeProject(ANSWERS);
  await using uber = new UberProcess(['foo', '--json', '--keep'], { cwd: project.root });
  const { run } = await uber.event('up');
  uber.kill('SIGINT');
  await uber.ended;
  expect(readdirSync(project.path('.uber', 'runs', String(run))).sort()).toEqual([
    '_ended',
    '_logs',
    '_run.json',
    'foo',
  ]);
});

test('a run whose services have all ended ends with exit code 1', async () => {
  using project = makeProject({
    files: {
      'services/foo.ts':
        "export default () => (q, r) => { r.end(); setImmediate(() => { throw new Error('later') }) };",
    },
  });
  await using uber = new UberProcess(['foo', '--json', '--restart', 'never'], { cwd: project.root });
  const { services } = await uber.event('up');
  const [{ url }] = services as [{ url: string }];
  await fetch(url);
  expect((await uber.ended).exitCode).toBe(1);
  expect(uber.events().find(({ event }) => event === 'failed')).toMatchObject({
    code: 'CRASHED',
    message: '"foo" crashed: later',
  });
});

test('a service that crashes is told with what it said last, is started again, and is counted at the end', async () => {
  using project = makeProject({
    files: {
      'services/foo.ts':
        "export default () => (q, r) => { r.end(); console.log('as if'); setImmediate(() => { throw new Error('later') }) };",
      'services/bar.ts': 'export default () => (q, r) => r.end();',
      'uber.config.json': '{ "services": { "bar": { "dependsOn": ["foo"] } } }',
    },
  });
  await using uber = new UberProcess(['bar'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  const [url = ''] =
    /http:\S+(?= +thread)/.exec(uber.stdout.split('\n').find((line) => line.startsWith('foo ')) ?? '') ?? [];
  await fetch(url);
  const again = /^foo is ready again after \d+ ms \(incarnation 2\)$/m;
  await uber.until(() => again.test(uber.stdout), 'a new incarnation');
  expect(uber.stdout).toContain('bar: foo is down, on which it depends\n');
  uber.kill('SIGINT');
  const { stderr, stdout } = await uber.ended;
  expect(stderr).toMatch(
    /^warning: "foo" crashed: later\n {2}at .*foo\.ts:1:\d+\)?\n.*Its last lines:\n(?: {2}.*\n)* {2}as if\n.*It is started again in \d+ ms\.\n/s,
  );
  expect(stdout).toMatch(/\nFaults in this run: foo CRASHED\n$/);
});

test('a stop that takes longer says for whom it waits, and a service that stays down is told as that', async () => {
  using project = makeProject({
    services: { 'foo.ts': 'stop-never-settles.ts', 'bar.ts': 'rejects-later.ts' },
    files: { 'uber.config.json': '{ "services": { "foo": { "stopGraceMs": 60000 } } }' },
  });
  await using uber = new UberProcess(['foo', 'bar', '--restart', 'never'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  const [url = ''] =
    /http:\S+/.exec(uber.stdout.split('\n').find((line) => line.startsWith('bar ')) ?? '') ?? [];
  await fetch(`${url}/error`).catch(() => undefined);
  await uber.until(() => uber.stderr.includes('It stays down, and the others go on.\n'), 'the end of bar');
  uber.kill('SIGINT');
  const waits = 'Stopping, and waiting for foo. Ctrl+C ends at once.\n';
  await uber.until(() => uber.stdout.includes(waits), 'what it waits for');
  uber.kill('SIGINT');
  expect((await uber.ended).signal).toBe('SIGINT');
});

test('ten runs of five services at the same moment in one checkout never meet', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  using project = makeProject({
    services: Object.fromEntries(names.map((name) => [`${name}.ts`, 'answers.ts'])),
  });
  const runs = Array.from({ length: 10 }, () => new UberProcess(['up', '--json'], { cwd: project.root }));
  const ups = await Promise.all(runs.map((run) => run.event('up')));
  const rows = ups.flatMap(({ run, services }) =>
    (services as { url: string; port: number }[]).map((row) => ({ run, ...row })),
  );
  expect(new Set(rows.map(({ port }) => port)).size).toBe(50);
  const answers = await Promise.all(
    rows.map(async ({ url }) => (await fetch(url)).json() as Promise<{ run: string }>),
  );
  expect(answers.map(({ run }) => run)).toEqual(rows.map(({ run }) => run));
  for (const run of runs) run.kill('SIGINT');
  const results = await Promise.all(runs.map(({ ended }) => ended));
  expect(results.map(({ signal }) => signal)).toEqual(runs.map(() => 'SIGINT'));
  expect(project.leftRuns()).toEqual([]);
});

test('through npm run, a SIGINT sent to npm alone ends the run and npm by that signal', async () => {
  const npm = spawn('npm', ['run', '-s', 'uber', '--', 'foo', '--json'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const run = await new Promise<string>((resolve) => {
    let stdout = '';
    npm.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const up = /"event":"up","run":"([^"]+)"/.exec(stdout);
      if (up?.[1] !== undefined) resolve(up[1]);
    });
  });
  npm.kill('SIGINT');
  const signal = await new Promise((resolve) => npm.once('exit', (_code, name) => resolve(name)));
  expect(signal).toBe('SIGINT');
  expect(existsSync(join(REPOSITORY, '.uber', 'runs', run))).toBe(false);
});
