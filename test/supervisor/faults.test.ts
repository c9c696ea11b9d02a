// Services that do harm, in real threads and processes: what is told of them, and that the others go on.
import { startUber, type UberConfigFile, type UberError, type UberHandle } from '../../launcher/index.ts';
import { APART } from '../support/placements.ts';
import { makeProject, type TestProject } from '../support/project.ts';

type Settings = Exclude<NonNullable<UberConfigFile['services']>[string], string>;

/** A run of one fixture, `foo`, beside a service that only answers. */
async function begin(project: TestProject, isolation: 'thread' | 'process', settings: Settings = {}) {
  const uber = await startUber({ cwd: project.root, isolation, config: { services: { foo: settings } } });
  const faults: UberError[] = [];
  const waiting = new Set<() => void>();
  const take = ({ error }: { error: UberError }): void => {
    faults.push(error);
    for (const look of [...waiting]) look();
  };
  uber.on('fault', take);
  uber.on('failed', take);
  /** Resolves with the first fault of a code whose message matches. */
  const told = (code: string, message = /./): Promise<UberError> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = faults.find((fault) => fault.code === code && message.test(fault.message));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { uber, faults, told };
}

function project(fixture: string): TestProject {
  return makeProject({ services: { 'foo.ts': fixture, 'bar.ts': 'answers.ts' } });
}

/** A request whose answer may never come. */
function ask(uber: UberHandle, path: string): Promise<string | null> {
  return fetch(`${uber.url('foo')}${path}`).then(
    (response) => response.text(),
    () => null,
  );
}

async function expectOthersAlive(uber: UberHandle): Promise<void> {
  expect((await fetch(uber.url('bar'))).status).toBe(200);
}

describe.each(APART)('in placement %s', (isolation) => {
  test('a blocked event loop is told, and that it ends after blockedMs', async () => {
    using files = project('busy-loop.ts');
    const { uber, told } = await begin(files, isolation, { blockedMs: 2000 });
    await using _ = uber;
    const answer = ask(uber, '/spin/0');
    const fault = await told('BLOCKED', /has blocked its event loop for/);
    await expectOthersAlive(uber);
    const end = await told('BLOCKED', /was ended/);
    expect(await answer).toBe(null);
    if (isolation === 'process') {
      expect(fault.message).toMatch(/cannot be seen in a process of its own\.$/);
      return;
    }
    for (const { message, serviceStack } of [fault, end]) {
      expect(message).toContain(`at ${files.path('services', 'foo.ts')}:10:`);
      expect(serviceStack).toMatch(/^ {4}at spinHere \(.*foo\.ts:10:\d+\)\n {4}at .*foo\.ts:15:\d+\)?$/);
    }
  });

  test('a start that blocks is not ready, and told where it is', async () => {
    using files = project('spins-on-load.ts');
    const start = begin(files, isolation, { ready: { timeoutMs: 500 } });
    const failure = await start.catch((error: UberError) => error);
    const place = isolation === 'thread' ? 'at .*foo\\.ts:8:\\d+' : 'at a place that .*';
    expect(failure).toMatchObject({
      code: 'NOT_READY',
      message: expect.stringMatching(new RegExp(`its event loop is blocked ${place}\\.$`)),
      lastLines: ['busy'],
    });
  });

  test('a start that never settles is told as one', async () => {
    using files = makeProject({
      files: {
        'services/foo.mjs': 'export default { start: () => new Promise(() => setInterval(() => {}, 1000)) };',
      },
    });
    await expect(begin(files, isolation, { ready: { timeoutMs: 300 } })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: '"foo" was not ready after 300 ms: its start has not finished.',
    });
  });

  test('a full heap ends its service alone', async () => {
    using files = project('leaks-memory.ts');
    const { uber, told } = await begin(files, isolation, { heapMb: 48 });
    await using _ = uber;
    const answer = ask(uber, '/endless');
    expect(await told('OUT_OF_MEMORY')).toMatchObject({
      message: expect.stringMatching(
        isolation === 'thread'
          ? /^"foo" ran out of memory: it uses \d+ MB of heap and \d+ MB of buffers, and its heapMb is 48\.$/
          : /^"foo" ran out of memory: its heap reached 48 MB\.$/,
      ),
      hint: expect.stringContaining('heapMb'),
    });
    expect(await answer).toBe(null);
    await expectOthersAlive(uber);
  });

  // What a thread takes at once may be more than Node has to spare: that must not end the process of all.
  test.each(isolation === 'thread' ? ['/numbers', '/json', '/buffers'] : ['/json'])(
    'it may grow in any way: %s',
    async (way) => {
      using files = project('leaks-memory.ts');
      const { uber, told } = await begin(files, isolation, { heapMb: 96 });
      await using _ = uber;
      expect(await ask(uber, way)).toBe('enough');
      await told('OUT_OF_MEMORY');
      await expectOthersAlive(uber);
    },
  );

  test('what nobody needs any more does not count', async () => {
    using files = project('leaks-memory.ts');
    const { uber } = await begin(files, isolation, { heapMb: 96 });
    await using _ = uber;
    expect(await ask(uber, '/garbage')).toBe('enough');
    expect(uber.snapshot().services).toMatchObject([{ faults: {} }, { faults: {} }]);
  });

  test('a stack overflow is told with each frame once', async () => {
    using files = project('overflows-stack.ts');
    const { uber, told } = await begin(files, isolation);
    await using _ = uber;
    void ask(uber, '/overflow');
    const { message, serviceStack } = await told('STACK_OVERFLOW');
    expect(message).toBe('"foo" overflowed its call stack.');
    expect(serviceStack).toMatch(/at descend \(.*foo\.ts:5:\d+\)\n {4}\.\.\. the same \d more times$/);
    await expectOthersAlive(uber);
  });

  test.each([
    ['/error', 'nobody waits for this', /foo\.ts:5:\d+/],
    ['/object', '#<Object>', null],
    ['/text', 'just a text', null],
  ])('a rejection that nobody handles is told with its reason: %s', async (path, reason, stack) => {
    using files = project('rejects-later.ts');
    const { uber, told } = await begin(files, isolation);
    await using _ = uber;
    void ask(uber, path);
    const { message, serviceStack } = await told('UNHANDLED_REJECTION');
    expect(message).toBe(`"foo" ended: a promise was rejected and nobody handled it: ${reason}`);
    if (stack === null) expect(serviceStack).toBe(null);
    else expect(serviceStack).toMatch(stack);
    await expectOthersAlive(uber);
  });

  test('a handler of the end that throws is a crash', async () => {
    using files = project('throws-at-exit.ts');
    const { uber, told } = await begin(files, isolation);
    await using _ = uber;
    void ask(uber, '/exit');
    expect(await told('CRASHED')).toMatchObject({
      message: '"foo" crashed: not even that',
      serviceStack: expect.stringMatching(/foo\.ts:5:\d+/),
    });
  });

  test.each([
    ['stop-throws.ts', 'STOP_FAILED', /^"foo" failed to stop cleanly: no connection to close$/],
    ['stop-never-settles.ts', 'STOP_FAILED', /^"foo" was ended: its stop has not settled after \d+ ms\.$/],
    [
      'ignores-stop.ts',
      'STOP_IGNORED',
      /^"foo" had not ended \d+ ms after it was asked to, and was ended\. Still open: a TCP server on :\d+\.$/,
    ],
    ['spins-at-exit.ts', 'STOP_IGNORED', /Its event loop was blocked at .*\.$/],
    ['leaves-timer.ts', 'LEFT_OPEN', /when its stop had settled: a TCP server on :\d+, 1 timer\.$/],
  ])('%s is told as what it is', async (fixture, code, message) => {
    using files = project(fixture);
    const isSlow = code === 'LEFT_OPEN' || fixture === 'stop-throws.ts';
    const { uber, faults } = await begin(files, isolation, { stopGraceMs: isSlow ? 60_000 : 100 });
    await uber.stop();
    expect(faults).toEqual([expect.objectContaining({ code, message: expect.stringMatching(message) })]);
    if (fixture === 'stop-throws.ts') expect(faults[0]?.serviceStack).toMatch(/disconnect .*foo\.ts:5:\d+/);
    expect(files.leftRuns()).toEqual([]);
  });

  test.each(['answers.ts', 'handles-sigterm.ts'])('%s stops without a word', async (fixture) => {
    using files = project(fixture);
    const { uber, faults } = await begin(files, isolation);
    await ask(uber, '/');
    await uber.stop();
    expect(faults).toEqual([]);
  });

  test('limits of ours are not seen by the program, and not passed on', async () => {
    const tell = 'JSON.stringify({ execArgv: process.execArgv, options: process.env.NODE_OPTIONS ?? null })';
    using files = makeProject({
      files: {
        'services/bar.mjs': 'export default (q, r) => r.end();',
        'services/foo.cjs': `const { fork } = require('node:child_process');
          if (process.send) process.send(${tell}, () => process.disconnect());
          else require('node:http').createServer((q, r) =>
            fork(__filename).once('message', (own) => r.end('[' + ${tell} + ',' + own + ']'))).listen(3000);`,
      },
    });
    const { uber } = await begin(files, isolation, { heapMb: 64 });
    await using _ = uber;
    const own = { execArgv: [], options: process.env.NODE_OPTIONS ?? null };
    expect(JSON.parse(String(await ask(uber, '/')))).toEqual([own, own]);
  });
});

test('a service that sleeps in native code is told without a place, and goes on when it wakes', async () => {
  using files = makeProject({
    files: {
      'services/bar.mjs': 'export default (q, r) => r.end();',
      'services/foo.mjs': `import { execFileSync } from 'node:child_process';
        import { createServer } from 'node:http';
        const sleep = 'setTimeout(() => {}, 2500)';
        createServer((q, r) => {
          if (q.url === '/sleep') execFileSync(process.execPath, ['-e', sleep]);
          r.end('awake');
        }).listen(3000);`,
    },
  });
  const { uber, told } = await begin(files, 'thread');
  await using _ = uber;
  const answer = ask(uber, '/sleep');
  expect((await told('BLOCKED')).message).toMatch(/in native code or a wait that cannot be interrupted\.$/);
  expect(await answer).toBe('awake');
  expect(await ask(uber, '/')).toBe('awake');
});

test('two that block at once are each told with their own place', async () => {
  using files = makeProject({ services: { 'foo.ts': 'busy-loop.ts', 'bar.ts': 'busy-loop.ts' } });
  const { uber, faults, told } = await begin(files, 'thread');
  await using _ = uber;
  const answers = ['foo', 'bar'].map((name) => fetch(`${uber.url(name)}/spin/3000`));
  const both = [await told('BLOCKED', /"foo"/), await told('BLOCKED', /"bar"/)];
  expect(both.map(({ serviceStack }) => /(\w+)\.ts:10/.exec(String(serviceStack))?.[1])).toEqual([
    'foo',
    'bar',
  ]);
  for (const answer of answers) expect(await (await answer).text()).toBe('free');
  expect(faults).toHaveLength(2);
});

test('a limit in NODE_OPTIONS of a process wins', async () => {
  using files = project('leaks-memory.ts');
  const settings = { heapMb: 4096, env: { NODE_OPTIONS: '--max-old-space-size=48' } };
  const { uber, told } = await begin(files, 'process', settings);
  await using _ = uber;
  void ask(uber, '/leak');
  expect((await told('OUT_OF_MEMORY')).message).toMatch(/reached the limit in its NODE_OPTIONS\.$/);
});

test('a thread that was looked at, and fills its heap later, ends alone', async () => {
  using files = makeProject({
    services: { 'bar.ts': 'answers.ts' },
    files: {
      'services/foo.mjs': `import { createServer } from 'node:http';
        const kept = [];
        createServer((q, r) => {
          for (const until = performance.now() + 3000; performance.now() < until;);
          for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
        }).listen(3000);`,
    },
  });
  const { uber, told } = await begin(files, 'thread', { heapMb: 160 });
  await using _ = uber;
  void ask(uber, '/');
  expect((await told('BLOCKED')).message).toMatch(/at .*foo\.mjs:4:\d+\.$/);
  await told('OUT_OF_MEMORY');
  await expectOthersAlive(uber);
});
