// When an event loop counts as blocked: the decision as a table, and the watch with a clock of the test.
import { ALIVE, judgeLoop, type Look, LoopWatch } from '../../launcher/supervisor/loop-watch.ts';

const LOOK: Look = { idleMs: 50, elapsedMs: 250, isExcused: false, isStarting: false, mostMs: 30_000 };
const SEEN = { ...ALIVE, idleMs: 50 };
const ASKED = { ...SEEN, silentMs: 250, askedMs: 0 };

test.each([
  ['one that was idle is alive', SEEN, { idleMs: 60 }, null],
  ['one that was not is asked', SEEN, {}, 'ask'],
  ['one whose idle time cannot be seen has a second', ALIVE, { idleMs: null }, null],
  ['then it is asked', { ...ALIVE, silentMs: 750 }, { idleMs: null }, 'ask'],
  ['one that was asked has a second to answer', { ...ASKED, askedMs: 500 }, {}, null],
  ['then it is blocked', { ...ASKED, askedMs: 750 }, {}, 'blocked'],
  ['while it starts it has more', { ...ASKED, askedMs: 750 }, { isStarting: true }, null],
  ['but not for ever', { ...ASKED, askedMs: 4750 }, { isStarting: true }, 'blocked'],
  ['a block is told once', { ...ASKED, askedMs: 1000, isBlocked: true }, {}, null],
  ['one that blocks for too long is ended', { ...ASKED, silentMs: 29_750, isBlocked: true }, {}, 'too-long'],
  ['once', { ...ASKED, silentMs: 29_750, isBlocked: true, isTooLong: true }, {}, null],
  ['not while it starts', { ...ASKED, silentMs: 29_750, isBlocked: true }, { isStarting: true }, null],
  ['and not when it may', { ...ASKED, silentMs: 1e9, isBlocked: true }, { mostMs: null }, null],
  ['a short limit is told before it is kept', { ...ASKED, askedMs: 0 }, { mostMs: 100 }, 'blocked'],
  ['one that waits for us is not blocked', { ...ASKED, askedMs: 9000 }, { isExcused: true }, null],
  ['what we have slept does not count', { ...ASKED, askedMs: 250 }, { elapsedMs: 60_000 }, null],
] as const)('%s', (_title, state, look, step) => {
  expect(judgeLoop(state, { ...LOOK, ...look }).step).toBe(step);
});

/** A watch over one loop whose life the test decides. */
function makeWatch({ isDebugged = false }: { isDebugged?: boolean } = {}) {
  const clock = { now: 0 };
  const told: string[] = [];
  const loop = { idleMs: 0, isAlive: true };
  let look: (() => void) | null = null;
  let answer: () => void = () => undefined;
  const watch = new LoopWatch({
    now: () => clock.now,
    isDebugged: () => isDebugged,
    every: (_ms, callback) => {
      look = callback;
      return () => {
        look = null;
      };
    },
  });
  const release = watch.watch({
    idleMs: () => loop.idleMs,
    isHeldBack: () => false,
    isStarting: () => false,
    mostMs: 3000,
    ping: () =>
      new Promise<void>((resolve) => {
        answer = resolve;
        if (loop.isAlive) resolve();
      }),
    onBlocked: (ms) => told.push(`blocked ${ms}`),
    onTooLong: (ms) => told.push(`too long ${ms}`),
  });
  const pass = async (ms: number): Promise<void> => {
    for (const endMs = clock.now + ms; clock.now < endMs; ) {
      clock.now += 250;
      look?.();
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { loop, told, pass, release, answer: () => answer(), isLooking: () => look !== null };
}

test('a busy loop that answers is left alone', async () => {
  const { told, pass } = makeWatch();
  await pass(20_000);
  expect(told).toEqual([]);
});

test('a block is told once, then that it takes too long, and anew after a sign of life', async () => {
  const { loop, told, pass, answer } = makeWatch();
  await pass(500);
  loop.isAlive = false;
  await pass(10_000);
  expect(told).toEqual(['blocked 1250', 'too long 3000']);
  answer();
  await pass(2000);
  expect(told).toEqual(['blocked 1250', 'too long 3000', 'blocked 1250']);
});

test('a debugger suspends it', async () => {
  const { loop, told, pass } = makeWatch({ isDebugged: true });
  loop.isAlive = false;
  await pass(60_000);
  expect(told).toEqual([]);
});

test('nothing is looked at when nothing runs', () => {
  const { release, isLooking } = makeWatch();
  expect(isLooking()).toBe(true);
  release();
  expect(isLooking()).toBe(false);
});
