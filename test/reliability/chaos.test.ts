// A minute of random faults under load, and a hundred restarts: the scripts of `npm run chaos`, as they are.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fitLine } from '../../scripts/bench/report/fit.ts';
import { makeServices } from '../../scripts/chaos/faults/layout.ts';
import { planSteps, type Step } from '../../scripts/chaos/faults/plan.ts';
import { Random } from '../../scripts/chaos/faults/random.ts';
import { judgeGrowth } from '../../scripts/chaos/restarts/growth.ts';
import { REPOSITORY } from '../support/project.ts';

/** A minute of faults, its start and its end, on a machine that is busy with other tests. */
const LONG_MS = 240_000;

interface ChaosResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function chaos(...args: string[]): Promise<ChaosResult> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const program = join(REPOSITORY, 'scripts', 'chaos', 'main.ts');
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

function firstSteps(seed: number, count: number): Step[] {
  const plan = planSteps(seed, makeServices(15));
  return Array.from({ length: count }, () => plan.next().value);
}

test(
  'a minute of random faults: the others drop no request, and every invariant holds',
  async () => {
    const { exitCode, stdout, stderr } = await chaos(
      '--seed',
      '1',
      '--minutes',
      '1',
      '--services',
      '9',
      '--json',
    );
    const { broken, failedOnUntouched, requests, done } = JSON.parse(stdout || '{}');
    expect({ broken, failedOnUntouched, exitCode }).toEqual({
      broken: [],
      failedOnUntouched: 0,
      exitCode: 0,
    });
    expect(requests).toBeGreaterThan(0);
    expect(done.length).toBeGreaterThan(0);
    expect(stderr).not.toContain('Error');
  },
  LONG_MS,
);

test(
  'a hundred restarts: same port, nothing grows, and the other nine answer every request',
  async () => {
    const { exitCode, stdout } = await chaos('restarts', '--count', '100', '--json');
    const { broken, answered, verdicts } = JSON.parse(stdout || '{}');
    expect({ broken, exitCode }).toEqual({ broken: [], exitCode: 0 });
    expect(answered).toBeGreaterThan(0);
    expect(verdicts).toHaveLength(7);
  },
  LONG_MS,
);

test('a seed decides every step, and no step touches more than a third of the services', () => {
  const steps = firstSteps(7, 200);
  expect(firstSteps(7, 200)).toEqual(steps);
  expect(firstSteps(8, 200)).not.toEqual(steps);
  expect(Math.max(...steps.map(({ touched }) => touched.length))).toBe(5);
  expect(new Set(steps.map(({ kind }) => kind)).size).toBe(19);
});

test('numbers of a seed are the same for ever', () => {
  const random = new Random(1);
  expect([random.next(), random.next()].map((value) => value.toFixed(6))).toEqual(['0.627074', '0.002736']);
});

test('what grows is seen: one handle more, or a heap that climbs', () => {
  const usage = { heapUsed: 0, external: 0, rss: 0, resources: 1, threads: 1, descriptors: 1, listeners: 1 };
  const grown = Array.from({ length: 20 }, (_, index) => ({
    restarts: (index + 1) * 50,
    usage: { ...usage, heapUsed: index * 100_000, descriptors: index },
  }));
  const bad = judgeGrowth(grown).filter(({ isFlat }) => !isFlat);
  expect(bad.map(({ what }) => what)).toEqual(['heapUsed', 'descriptors']);
  expect(fitLine([1, 2, 3].map((x) => ({ x, y: 2 * x + 1 }))).slope).toBeCloseTo(2);
  expect(fitLine([]).slope).toBe(0);
});

test.each([
  [['--seed', 'x'], '--seed takes a number from 0 to 999999999, not "x".'],
  [['--services', '3'], '--services takes a number from 6 to 50, not "3".'],
  [['nothing'], 'Name one scenario: faults, restarts, startup, table.'],
  [['restarts', '--placement', 'shared'], '--placement is one of: thread, process; not "shared".'],
])('%j is refused', async (args, message) => {
  const { exitCode, stderr } = await chaos(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: `${message}\nSee: npm run chaos -- --help\n` });
});
