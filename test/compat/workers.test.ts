// Native addons, threads and processes that programs start themselves.
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

const RESTARTS = 20;

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('a native addon works after every restart', async () => {
    await using run = await startProgram('argon2', placement);
    const ask = async (path: string, query: Record<string, string>): Promise<string> =>
      (await fetch(`${run.url}${path}?${new URLSearchParams(query)}`)).text();
    const hash = await ask('/hash', { password: 'secret' });
    expect(hash).toMatch(/^\$argon2id\$/);
    for (let restart = 1; restart <= RESTARTS; restart += 1) {
      const row = await run.uber.restart('argon2');
      expect([row.incarnation, row.url]).toEqual([restart + 1, run.url]);
      expect(await ask('/verify', { password: 'secret', hash })).toBe('true');
    }
    expect(await ask('/verify', { password: 'wrong', hash })).toBe('false');
  });

  test('piscina runs tasks in threads of its own', async () => {
    await using run = await startProgram('piscina', placement);
    expect(await (await fetch(`${run.url}/?n=30`)).json()).toEqual([
      { n: 30, value: 832_040, isMainThread: false, isThread: true },
      { n: 31, value: 1_346_269, isMainThread: false, isThread: true },
    ]);
    expect(await run.line('fibonacci 30')).toMatchObject({
      service: 'piscina',
      text: 'fibonacci 30 is 832040',
    });
  });

  describe('a program that starts others', () => {
    test.each(['inherit', 'fork'])('has their output as its own: %s', async (how) => {
      await using run = await startProgram('child-process', placement);
      expect(await (await fetch(`${run.url}/${how}`)).json()).toEqual({ exitCode: 0 });
      expect(await run.line('says')).toMatchObject({
        service: 'child-process',
        stream: 'stdout',
        text: `child in child-process says ${how}`,
      });
      expect(await run.line('complains')).toMatchObject({
        service: 'child-process',
        stream: 'stderr',
        text: `child complains about ${how}`,
      });
    });

    test('starts them in its own folder, and relative to it', async () => {
      await using run = await startProgram('child-process', placement);
      const here = await fetch(`${run.url}/exec-sync`);
      expect(await here.json()).toEqual({ stdout: 'read by a child\n\n' });
      const below = await fetch(`${run.url}/exec-file`);
      expect(await below.json()).toEqual({ stdout: 'child in tools says exec-file\n' });
    });
  });

  test('cluster shares one port between two processes', async () => {
    await using run = await startProgram('cluster', placement);
    await Promise.all([run.line('worker 1 started'), run.line('worker 2 started')]);
    const answers = new Set<string>();
    // Round robin: with a new connection for each request both workers get some.
    for (let request = 0; request < 8; request += 1) {
      answers.add(await (await fetch(run.url, { headers: { connection: 'close' } })).text());
    }
    expect([...answers].sort()).toEqual([
      expect.stringMatching(/^worker 1 in process \d+\n$/),
      expect.stringMatching(/^worker 2 in process \d+\n$/),
    ]);
  });
});
