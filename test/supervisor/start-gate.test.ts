// Who loads, who waits for a turn, and that nobody waits for somebody who waits.
import { StartGate } from '../../launcher/supervisor/start-gate.ts';

/** A gate, and what loads behind it by name. */
class Scene {
  readonly began: string[] = [];
  readonly idle = new Map<string, number | null>();
  nowMs = 0;
  readonly #finish = new Map<string, () => void>();
  readonly #gate: StartGate;

  constructor(most: number, urgency: Record<string, number> = {}) {
    this.#gate = new StartGate({ most, urgency: new Map(Object.entries(urgency)), now: () => this.nowMs });
  }

  load(name: string): Promise<void> {
    return this.#gate.pass({ name, idleMs: () => this.idle.get(name) ?? null }, () => {
      this.began.push(name);
      return new Promise<void>((resolve) => this.#finish.set(name, resolve));
    });
  }

  finish(name: string): Promise<void> {
    this.#finish.get(name)?.();
    return settled();
  }

  /** Until so many have begun. A test that waits in vain runs out of time. */
  async until(count: number): Promise<void> {
    while (this.began.length < count) await settled();
  }
}

/** All that follows without waiting for a timer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('so many load at the same time, and the next one when one is ready', async () => {
  const scene = new Scene(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => scene.load(name));
  await settled();
  expect(scene.began).toEqual(['a', 'b']);
  await scene.finish('b');
  expect(scene.began).toEqual(['a', 'b', 'c']);
  await scene.finish('a');
  await scene.finish('c');
  await scene.finish('d');
  await Promise.all(all);
});

test('the most urgent goes first, of those that come together and of those that wait', async () => {
  const scene = new Scene(1, { chain: 300, slow: 200 });
  const all = ['a', 'slow', 'b', 'chain'].map((name) => scene.load(name));
  await settled();
  for (const name of ['chain', 'slow', 'a']) await scene.finish(name);
  expect(scene.began).toEqual(['chain', 'slow', 'a', 'b']);
  await scene.finish('b');
  await Promise.all(all);
});

test('one that fails makes room', async () => {
  const gate = new StartGate({ most: 1, urgency: new Map(), now: () => 0 });
  const loader = { name: 'a', idleMs: () => null };
  const failed = gate.pass(loader, () => Promise.reject(new Error('broken')));
  const next = gate.pass(loader, async () => 'loaded');
  await expect(failed).rejects.toThrow('broken');
  await expect(next).resolves.toBe('loaded');
});

test('one whose event loop is idle waits for something, and holds up nobody', async () => {
  const scene = new Scene(1);
  const waiting = scene.load('waits-for-the-next');
  const next = scene.load('next');
  await settled();
  expect(scene.began).toEqual(['waits-for-the-next']);
  scene.idle.set('waits-for-the-next', 1000);
  await scene.until(2);
  await scene.finish('next');
  await scene.finish('waits-for-the-next');
  await Promise.all([waiting, next]);
});

test('one that cannot be seen, or never rests, holds up nobody for long', async () => {
  const scene = new Scene(1);
  const all = ['a', 'b'].map((name) => scene.load(name));
  await settled();
  scene.nowMs = 1000;
  await scene.until(2);
  for (const name of ['a', 'b']) await scene.finish(name);
  await Promise.all(all);
});

test('one that comes back from waiting does not make room twice', async () => {
  const scene = new Scene(1);
  const all = ['a', 'b', 'c'].map((name) => scene.load(name));
  await settled();
  scene.idle.set('a', 1000);
  await scene.until(2);
  await scene.finish('a');
  expect(scene.began).toEqual(['a', 'b']);
  await scene.finish('b');
  await scene.finish('c');
  await Promise.all(all);
});
