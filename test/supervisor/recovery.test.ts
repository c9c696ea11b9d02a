// What follows when a service ends by itself, and what a person may ask meanwhile: real threads, real sockets.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { readCatalog } from '../../launcher/catalog/catalog.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { type StartUberOptions, startUber, UberError, type UberHandle } from '../../launcher/index.ts';
import { RunEmitter, type RunEvents } from '../../launcher/supervisor/events.ts';
import { Recovery } from '../../launcher/supervisor/recovery.ts';
import { TRANSITIONS } from '../../launcher/supervisor/state-machine.ts';
import type { InstanceState, ServiceSpec } from '../../launcher/types.ts';
import { isListening, makeProject, type TestProject } from '../support/project.ts';

/** Does what its path says. */
const OBEYS = `
  import { createServer } from 'node:http';
  const DEEDS = {
    '/crash': () => setImmediate(() => { throw new Error('boom'); }),
    '/exit': () => setImmediate(() => process.exit(3)),
    '/done': () => setImmediate(() => process.exit(0)),
  };
  createServer((request, response) => {
    response.end(String(process.env.PORT));
    response.on('finish', () => DEEDS[request.url]?.());
  }).listen(process.env.PORT);
  console.log('up');
`;

const QUICK = { minDelayMs: 1, maxDelayMs: 1 };

interface Followed {
  readonly uber: UberHandle;
  /** Everything that was told, as short texts. */
  readonly told: string[];
  /** Resolves at the next such event. */
  next<Name extends keyof RunEvents>(
    name: Name,
    wanted?: (event: RunEvents[Name]) => boolean,
  ): Promise<RunEvents[Name]>;
}

async function start(project: TestProject, options: StartUberOptions = {}): Promise<Followed> {
  const uber = await startUber({ cwd: project.root, restart: 'on-failure', ...options });
  const told: string[] = [];
  const last = new Map<string, InstanceState>(
    uber.snapshot().services.map(({ service, state }) => [service, state]),
  );
  uber.on('state', ({ service, state }) => {
    expect(TRANSITIONS[last.get(service) ?? 'idle']).toContain(state);
    last.set(service, state);
    told.push(`${service} ${state}`);
  });
  uber.on('fault', ({ service, error }) => told.push(`${service} fault ${error.code}`));
  uber.on('failed', ({ service, error }) => told.push(`${service} failed ${error.code}`));
  uber.on('degraded', ({ service, dependency, isDegraded }) =>
    told.push(`${service} ${isDegraded ? 'without' : 'with'} ${dependency}`),
  );
  return {
    uber,
    told,
    next: (name, wanted = () => true) =>
      new Promise((resolve) => {
        const off = uber.on(name, (event) => {
          if (!wanted(event)) return;
          off();
          resolve(event);
        });
      }),
  };
}

/** Asks a service for a deed; it answers first. */
async function ask(uber: UberHandle, service: string, deed: string): Promise<string> {
  return (await fetch(`${uber.url(service)}/${deed}`)).text();
}

function config(services: Record<string, object>): string {
  return JSON.stringify({ services });
}

test('a service that crashes is started again: a new incarnation on the same port, with a fresh environment', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `${OBEYS} console.log('left', process.env.LEFT); process.env.LEFT = 'over';`,
      'uber.config.json': config({ foo: { restart: QUICK } }),
    },
  });
  const lines: string[] = [];
  const { uber, told, next } = await start(project, { onLog: ({ text }) => lines.push(text) });
  await using _ = uber;
  const before = uber.snapshot().services[0]?.ready;
  const ready = next('ready');
  const fault = next('fault');
  await ask(uber, 'foo', 'crash');
  expect((await fault).error).toMatchObject({
    code: 'CRASHED',
    message: '"foo" crashed: boom',
    lastLines: ['up', 'left undefined'],
  });
  expect(await ready).toMatchObject({ incarnation: 2, port: before?.port, url: before?.url });
  expect(await ask(uber, 'foo', '')).toBe(String(before?.port));
  expect(told).toEqual(['foo backoff', 'foo fault CRASHED', 'foo starting', 'foo ready']);
  expect(lines.filter((line) => line.startsWith('left'))).toEqual(['left undefined', 'left undefined']);
  expect(uber.snapshot().services[0]).toMatchObject({
    incarnation: 2,
    faults: { CRASHED: 1 },
    lastFault: '"foo" crashed: boom',
  });
});

test('without a policy a test sees the failure at once, and nothing is started again', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': OBEYS } });
  const { uber, told, next } = await start(project, { restart: undefined });
  await using _ = uber;
  const failed = next('failed');
  await ask(uber, 'foo', 'exit');
  expect((await failed).error).toMatchObject({ code: 'EXITED', service: 'foo' });
  expect(told).toEqual(['foo failed', 'foo failed EXITED']);
});

test('it is given up after so many ends, and can still be started by hand', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': OBEYS,
      'uber.config.json': config({ foo: { restart: { ...QUICK, attempts: 2 } } }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  for (let life = 0; life < 2; life += 1) {
    const ready = next('ready');
    await ask(uber, 'foo', 'crash');
    await ready;
  }
  const failed = next('failed');
  await ask(uber, 'foo', 'crash');
  expect((await failed).error.message).toBe(
    '"foo" crashed: boom. It is given up: it has ended 3 times in 60 s.',
  );
  expect(told.filter((text) => text.includes('fault'))).toHaveLength(2);
  expect((await uber.startService('foo')).incarnation).toBe(4);
  // By hand it begins anew.
  const fault = next('fault');
  await ask(uber, 'foo', 'crash');
  expect((await fault).restartInMs).toBe(1);
});

test('"always" starts a service again that had done its work, "on-failure" leaves it', async () => {
  const options = { ready: 'started', restart: { ...QUICK, policy: 'always' } };
  using project = makeProject({
    files: {
      'services/again.mjs': OBEYS,
      'services/once.mjs': OBEYS,
      'uber.config.json': config({ again: options, once: { ...options, restart: 'on-failure' } }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  const ended = Promise.all([next('stopped'), next('ready')]);
  await Promise.all([ask(uber, 'once', 'done'), ask(uber, 'again', 'done')]);
  expect(await ended).toMatchObject([{ service: 'once' }, { service: 'again', incarnation: 2 }]);
  expect(told.toSorted()).toEqual([
    'again backoff',
    'again fault EXITED',
    'again ready',
    'again starting',
    'once stopped',
  ]);
});

test('a stop during the pause cancels the restart; a start ends the pause', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': OBEYS,
      'services/bar.mjs': OBEYS,
      'uber.config.json': config({
        foo: { restart: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 } },
        bar: { restart: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 } },
      }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  for (const service of ['foo', 'bar']) {
    const fault = next('fault');
    await ask(uber, service, 'crash');
    expect((await fault).restartInMs).toBeGreaterThanOrEqual(1_800_000);
  }
  const url = uber.snapshot().services.find(({ service }) => service === 'foo');
  expect(url?.state).toBe('backoff');
  await uber.stopService('foo');
  expect((await uber.startService('bar')).incarnation).toBe(2);
  expect(told).toEqual([
    'foo backoff',
    'foo fault CRASHED',
    'bar backoff',
    'bar fault CRASHED',
    'foo stopped',
    'bar starting',
    'bar ready',
  ]);
});

test('who hears of the pause may stop the service at once, and nothing waits for its end', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': OBEYS } });
  const { specs } = readCatalog(await resolveConfig({ cwd: project.root, restart: 'on-failure' }));
  const options = { emitter: new RunEmitter(), now: () => 0, random: () => 0 };
  const recovery = new Recovery({ ...options, startAgain: () => undefined, onCriticalLost: () => undefined });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  recovery.settle(specs.get('foo') as ServiceSpec, new UberError('CRASHED', 'boom'), () =>
    recovery.cancel('foo'),
  );
  expect(timers()).toBe(before);
});

test('commands to one service are serial, and a stop cancels those that wait', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': OBEYS } });
  const { uber, told } = await start(project);
  await using _ = uber;
  const results = await Promise.allSettled([
    uber.restart('foo'),
    uber.restart('foo'),
    uber.startService('foo'),
  ]);
  expect(results.map((result) => result.status === 'fulfilled' && result.value.incarnation)).toEqual([
    2, 3, 3,
  ]);
  const cancelled = [uber.restart('foo'), uber.restart('foo')].map((command) =>
    command.catch((error: UberError) => error.code),
  );
  const stopped = uber.stopService('foo');
  const again = uber.startService('foo');
  await stopped;
  expect(await Promise.all(cancelled)).toEqual(['STOPPED_EARLY', 'STOPPED_EARLY']);
  expect((await again).service).toBe('foo');
  expect(told.at(-1)).toBe('foo ready');
  await expect(uber.stopService('fo')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' });
});

test('dependents are told and left alone', async () => {
  using project = makeProject({
    files: {
      'services/db.mjs': OBEYS,
      'services/api.mjs': OBEYS,
      'uber.config.json': config({ db: { restart: QUICK }, api: { dependsOn: ['db'] } }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  const back = next('degraded', ({ isDegraded }) => !isDegraded);
  const down = next('degraded', ({ isDegraded }) => isDegraded);
  const asked = ask(uber, 'db', 'crash');
  await down;
  expect(uber.snapshot().services.find(({ service }) => service === 'api')).toMatchObject({
    state: 'ready',
    missing: ['db'],
  });
  await Promise.all([asked, back]);
  expect(uber.snapshot().services.find(({ service }) => service === 'api')).toMatchObject({ missing: [] });
  expect(told).toEqual([
    'db backoff',
    'db fault CRASHED',
    'api without db',
    'db starting',
    'db ready',
    'api with db',
  ]);
});

test('restartDependents starts them again too, one behind the other', async () => {
  using project = makeProject({
    files: {
      'services/db.mjs': OBEYS,
      'services/api.mjs': OBEYS,
      'services/web.mjs': OBEYS,
      'uber.config.json': config({
        db: { restart: QUICK, restartDependents: true },
        api: { dependsOn: ['db'], restartDependents: true },
        web: { dependsOn: ['api'] },
      }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  const ready = next('ready', ({ service }) => service === 'web');
  await ask(uber, 'db', 'crash');
  expect((await ready).incarnation).toBe(2);
  expect(told.filter((text) => text.endsWith(' ready'))).toEqual(['db ready', 'api ready', 'web ready']);
  await uber.restart('db');
  expect(uber.snapshot().services.map(({ incarnation }) => incarnation)).toEqual([3, 3, 3]);
});

test('a critical service that is given up takes the run down', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': OBEYS,
      'services/bar.mjs': OBEYS,
      'uber.config.json': config({ foo: { critical: true, restart: 'never' } }),
    },
  });
  const { uber, next } = await start(project);
  await using _ = uber;
  const url = uber.url('bar');
  const down = next('down');
  await ask(uber, 'foo', 'crash');
  await down;
  expect(uber.snapshot().services.map(({ state }) => state)).toEqual(['stopped', 'failed']);
  expect(await isListening(url)).toBe(false);
  expect(project.leftRuns()).toEqual([]);
});

test('a port taken while the service was down is told with its holder, and it comes back once the port is free', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': OBEYS,
      'uber.config.json': config({ foo: { restart: { minDelayMs: 20, maxDelayMs: 20, attempts: 1000 } } }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  const port = Number(await ask(uber, 'foo', ''));
  await uber.stopService('foo');
  const thief = createServer().listen(port, '127.0.0.1');
  await once(thief, 'listening');
  await expect(uber.startService('foo')).rejects.toMatchObject({
    code: 'PORT_STOLEN',
    message: expect.stringMatching(
      new RegExp(`^Port ${port} of "foo" was taken by process ${process.pid} .* while it was down\\.$`),
    ),
  });
  expect(told.slice(-2)).toEqual(['foo failed', 'foo failed PORT_STOLEN']);
  thief.close();
  await once(thief, 'close');
  expect(await uber.startService('foo')).toMatchObject({ port });

  // The same in the pause after a crash: it is tried until it works.
  const second = createServer();
  const backoff = next('state', ({ state }) => state === 'backoff');
  const stolen = next('fault', ({ error }) => error.code === 'PORT_STOLEN');
  const asked = ask(uber, 'foo', 'crash');
  await backoff;
  second.listen(port, '127.0.0.1');
  await Promise.all([asked, stolen]);
  const ready = next('ready');
  second.close();
  expect(await ready).toMatchObject({ port });
});

test('a pause of a service is not lost when those that depend on another are started again', async () => {
  using project = makeProject({
    files: {
      'services/db.mjs': OBEYS,
      'services/api.mjs': OBEYS,
      'uber.config.json': config({
        db: { restart: QUICK, restartDependents: true },
        api: { dependsOn: ['db'], restart: { minDelayMs: 1000, maxDelayMs: 1000 } },
      }),
    },
  });
  const { uber, told, next } = await start(project);
  await using _ = uber;
  const paused = next('state', ({ state }) => state === 'backoff');
  await ask(uber, 'api', 'crash');
  await paused;
  const ready = next('ready', ({ service }) => service === 'api');
  await ask(uber, 'db', 'crash');
  expect((await ready).incarnation).toBe(2);
  expect(told.filter((text) => text.endsWith(' ready'))).toEqual(['db ready', 'api ready']);
});

test('one whose dependents are being started again can be started again itself: they may wait for it', async () => {
  using project = makeProject({
    files: {
      'services/db.mjs': OBEYS,
      // In its second life it makes the one it depends on crash, and waits until that is back.
      'services/api.mjs': `
        const url = process.env.DB_URL;
        import { appendFileSync, statSync } from 'node:fs';
        const lives = process.env.UBER_DATA_DIR + '/lives';
        appendFileSync(lives, 'x');
        if (statSync(lives).size === 2) {
          await fetch(url + '/crash').then((answer) => answer.text());
          for (let isBack = false; !isBack; ) isBack = await fetch(url + '/there').then(() => true, () => false);
        }
        ${OBEYS}`,
      'uber.config.json': config({
        db: { restart: { minDelayMs: 50, maxDelayMs: 50 }, restartDependents: true },
        api: { dependsOn: ['db'], ready: { timeoutMs: 50_000 } },
      }),
    },
  });
  const { uber, next } = await start(project);
  await using _ = uber;
  const ready = next('ready', ({ service }) => service === 'api');
  const third = next('ready', ({ service, incarnation }) => service === 'db' && incarnation === 3);
  await ask(uber, 'db', 'crash');
  await third;
  expect((await ready).incarnation).toBe(2);
});

test('a start that waits for the end of a stop is cancelled by the next stop', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `${OBEYS} process.on('SIGTERM', () => setTimeout(() => process.exit(), 100));`,
    },
  });
  const { uber, told } = await start(project);
  const first = uber.stopService('foo');
  const started = uber.startService('foo').catch((error: UberError) => error.code);
  // It waits now for the end of the first.
  await new Promise(setImmediate);
  const second = uber.stopService('foo');
  await Promise.all([first, second]);
  expect(await started).toBe('STOPPED_EARLY');
  expect(told.at(-1)).toBe('foo stopped');
  expect((await uber.startService('foo')).incarnation).toBe(2);
  void uber.stopService('foo');
  const late = uber.startService('foo').catch((error: UberError) => error.code);
  await new Promise(setImmediate);
  await uber.stop();
  expect(await late).toBe('STOPPED_EARLY');
  expect(told.at(-1)).toBe('foo stopped');
  expect(project.leftRuns()).toEqual([]);
});
