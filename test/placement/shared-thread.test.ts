// Placement `shared`: the life of the thread itself. Who shares one, what ends it, and what is left in it.
import { startUber, type UberHandle } from '../../launcher/index.ts';
import { makeProject } from '../support/project.ts';
import { serve, startShared as start, stateOf, until } from '../support/shared.ts';

function threadOf(uber: UberHandle, service: string): number | undefined {
  return uber.snapshot().services.find((each) => each.service === service)?.ready?.threadId;
}

test('a hundred restarts of one service leave no more open than there was', async () => {
  using project = makeProject({
    files: {
      'services/foo.cjs': `
        const net = require('net');
        setInterval(() => {}, 1000); setTimeout(() => {}, 100000); process.on('SIGHUP', () => {});
        process.on('exit', () => {}); process.on('uncaughtException', () => {});
        net.connect(process.env.BAR_PORT, '127.0.0.1').on('error', () => {});
        require('fs').watch('.', () => {});
        ${serve('() => 1')}`,
      'services/bar.cjs': serve(`() => ({
        open: process.getActiveResourcesInfo().length,
        listeners: require('events').EventEmitter.prototype.listenerCount.call(process, 'exit'),
        modules: Object.keys(require.cache).length,
      })`),
    },
  });
  const config = { services: { foo: { dependsOn: ['bar'] } } };
  await using run = await start(project, { config });
  const look = async () => {
    const seen = (await run.ask('bar')) as { open: number };
    return { ...seen, open: 0, isMore: (than: number) => seen.open > than, count: seen.open };
  };
  await run.uber.restart('foo');
  const before = await look();
  for (let time = 0; time < 100; time += 1) await run.uber.restart('foo');
  const after = await look();
  expect({ ...after, isMore: 0, count: 0 }).toEqual({ ...before, isMore: 0, count: 0 });
  // Connections that are kept alive come and go.
  expect(after.isMore(before.count + 10)).toBe(false);
  expect(stateOf(run.uber, 'foo')).toBe('ready 102');
  expect(stateOf(run.uber, 'bar')).toBe('ready 1');
}, 60_000);

test('services share the thread whose name they give, and another run has threads of its own', async () => {
  using project = makeProject({
    files: Object.fromEntries(
      ['foo', 'bar', 'baz', 'own'].map((name) => [`services/${name}.cjs`, serve('() => 1')]),
    ),
  });
  const config = {
    services: {
      foo: { placement: 'shared', sharedThread: 'one' },
      bar: { placement: 'shared', sharedThread: 'one' },
      baz: { placement: 'auto', shareable: true },
      own: { placement: 'auto' },
    },
  } as const;
  await using first = await startUber({ cwd: project.root, config });
  await using second = await startUber({ cwd: project.root, config });
  for (const uber of [first, second]) {
    expect(threadOf(uber, 'foo')).toBe(threadOf(uber, 'bar'));
    expect(new Set(['foo', 'baz', 'own'].map((name) => threadOf(uber, name))).size).toBe(3);
    expect(uber.snapshot().services.map(({ service, ready }) => [service, ready?.placement])).toEqual([
      ['bar', 'shared'],
      ['baz', 'shared'],
      ['foo', 'shared'],
      ['own', 'thread'],
    ]);
  }
  expect(threadOf(first, 'foo')).not.toBe(threadOf(second, 'foo'));
  await first.stop();
  expect(await (await fetch(second.url('foo'))).json()).toBe(1);
});

test('the thread ends with its last service, and begins anew with the next', async () => {
  using project = makeProject({
    files: { 'services/foo.cjs': serve('() => 1'), 'services/bar.cjs': serve('() => 1') },
  });
  await using run = await start(project);
  const thread = threadOf(run.uber, 'foo');
  await run.uber.restart('foo');
  expect(threadOf(run.uber, 'foo')).toBe(thread);
  await run.uber.stopService('bar');
  await run.uber.restart('foo');
  expect(threadOf(run.uber, 'foo')).not.toBe(thread);
  await run.uber.startService('bar');
  expect(threadOf(run.uber, 'bar')).toBe(threadOf(run.uber, 'foo'));
});

test('an error that belongs to nobody ends the thread, and its services are started again', async () => {
  using project = makeProject({
    files: {
      'node_modules/stray/index.js': `
        const ticks = setInterval(() => { if (exports.isAsked) { clearInterval(ticks); throw new Error('stray'); } }, 1);`,
      'services/foo.cjs': `const stray = require('stray'); ${serve('(q) => { if (q.url === "/now") stray.isAsked = true; }')}`,
      'services/bar.cjs': serve('() => 1'),
    },
    packages: false,
  });
  await using run = await start(project, { restart: 'on-failure' });
  expect(await run.ask('foo', '/now')).toBe(null);
  await Promise.all([until(run.uber, 'foo', 'ready 2'), until(run.uber, 'bar', 'ready 2')]);
  expect(run.uber.snapshot().services.map(({ lastFault }) => lastFault)).toEqual(
    ['bar', 'foo'].map(
      (name) =>
        `"${name}" has ended: the shared thread "shared" ended: an error that belongs to no single service: stray.`,
    ),
  );
});

test('one that blocks the thread is told once, by its name, and its end is that of all', async () => {
  using project = makeProject({
    files: {
      'services/foo/index.cjs': serve('(q) => { if (q.url === "/now") for (;;); }'),
      'services/bar/index.cjs': serve('() => 1'),
      'services/baz/index.cjs': serve('() => 1'),
    },
  });
  const foo = { blockedMs: 1500 };
  await using run = await start(project, { restart: 'on-failure', config: { services: { foo } } });
  const told: string[] = [];
  run.uber.on('fault', ({ error }) => told.push(`${error.code} ${error.service}`));
  void fetch(`${run.uber.url('foo')}/now`).catch(() => undefined);
  await Promise.all(['foo', 'bar', 'baz'].map((name) => until(run.uber, name, 'ready 2')));
  expect(told.toSorted()).toEqual(['BLOCKED foo', 'BLOCKED foo', 'THREAD_ENDED bar', 'THREAD_ENDED baz']);
  expect(run.uber.snapshot().services.find(({ service }) => service === 'bar')?.lastFault).toBe(
    '"bar" has ended: the shared thread "shared" ended: it did not answer when "foo" was to be ended.',
  );
}, 30_000);

test('permissions are refused where they cannot hold, and keep a service out of a shared thread', async () => {
  using project = makeProject({ files: { 'services/foo.cjs': serve('() => 1') } });
  const foo = { permissions: {}, shareable: true };
  await expect(start(project, { config: { services: { foo } } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message:
      'services.foo has permissions, which cannot hold in a thread that it shares: placement "shared".',
  });
  await using run = await start(project, { isolation: 'auto', config: { services: { foo } } });
  expect(run.uber.snapshot().services[0]?.ready?.placement).toBe('thread');
});

test('the time to ready of a service does not run while others of its thread load', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
  const busy = 'const until = Date.now() + 100; while (Date.now() < until);';
  using project = makeProject({
    files: Object.fromEntries(names.map((name) => [`services/${name}.cjs`, `${busy} ${serve('() => 1')}`])),
  });
  // All together need longer, and so do those that are let into the thread at the same time on a slow machine.
  const ready = { timeoutMs: 3000 };
  const config = { services: Object.fromEntries(names.map((name) => [name, { ready }])) };
  await using run = await start(project, { config });
  expect(names.map((name) => stateOf(run.uber, name))).toEqual(names.map(() => 'ready 1'));
}, 60_000);
