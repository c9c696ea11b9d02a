// Scenario `latency`: from one service to another over loopback, and of idle services beside one that burns its CPU.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchText } from '../measure/call.ts';
import { alternate } from '../measure/rounds.ts';
import type { Run } from '../measure/run.ts';
import { withRuns } from '../measure/with-runs.ts';
import { programProject } from '../project/flavours.ts';
import { quantile } from '../report/statistics.ts';
import { type BenchOptions, type BenchTools, chosen, type Scenario } from '../scenario.ts';
import type { PreparedSide } from '../sides/side.ts';
import type { SideName, SideShelf } from '../sides/side-table.ts';

const ROUNDS = 5;
const PROGRAM = readFileSync(join(import.meta.dirname, 'programs', 'caller.cjs'), 'utf8');
/** Calls of one measurement, from service to service. */
const CALLS = 2000;
/** Services beside each other: one burns, the others are called. */
const NEIGHBOURS = 15;
/** How long a request of the burning service blocks its thread, and the pause between two calls of idle ones. */
const BURN_MS = 50;
const BETWEEN_MS = 5;

/** What is measured: names of groups of figures. */
const LATENCY = {
  pair: 'service to service',
  idle: 'nobody burns',
  burning: 'one of them burns its CPU',
} as const;

export const latencyScenario: Scenario = {
  summary: 'Service to service over loopback, and 14 idle services while one burns its CPU',
  title: 'Latency',
  reference: 'process',
  explanation: [
    `service to service: ${CALLS} calls over a kept connection, one after the other, timed by the caller.`,
    `burns: one of 15 is busy in pieces of ${BURN_MS} ms without a pause, the 14 others are called every ${BETWEEN_MS} ms.`,
  ],
  run: async (options, tools, shelf) => {
    const sides = await shelf.available(chosen(options, ['process', 'bare', 'thread', 'shared']));
    await betweenServices(sides, options, tools);
    await besideBurning(sides, options, tools);
  },
};

type Sides = Awaited<ReturnType<SideShelf['available']>>;

async function betweenServices(sides: Sides, { rounds }: BenchOptions, tools: BenchTools): Promise<void> {
  await compare(sides, { services: 2, rounds: rounds ?? ROUNDS }, tools, async (run) => {
    const query = new URLSearchParams({ url: `${run.url('s02')}/hello`, count: String(CALLS) });
    const answer = await fetchText(`${run.url('s01')}/calls?${query}`);
    return { [LATENCY.pair]: (JSON.parse(answer) as { times: number[] }).times };
  });
}

async function besideBurning(
  sides: Sides,
  { rounds, seconds }: BenchOptions,
  tools: BenchTools,
): Promise<void> {
  await compare(sides, { services: NEIGHBOURS, rounds: rounds ?? ROUNDS }, tools, async (run) => {
    const idle = await callIdle(run, seconds);
    const burning = { isOver: false };
    const burnt = burn(run, burning);
    const beside = await callIdle(run, seconds);
    burning.isOver = true;
    await burnt;
    return { [LATENCY.idle]: idle, [LATENCY.burning]: beside };
  });
}

/** Times in milliseconds by what was done. */
type Times = Readonly<Record<string, readonly number[]>>;

async function compare(
  sides: readonly [SideName, PreparedSide][],
  { services, rounds }: { readonly services: number; readonly rounds: number },
  tools: BenchTools,
  take: (run: Run) => Promise<Times>,
): Promise<void> {
  await withRuns(
    { title: 'latency', sides, project: () => programProject(PROGRAM, services, tools), tools },
    async (runs) => {
      const measure = async (name: SideName, isMeasured: boolean): Promise<void> => {
        const run = runs.get(name);
        if (run === undefined) throw new Error('it is not running');
        for (const [what, times] of Object.entries(await take(run))) {
          const [p50Ms, p99Ms] = [quantile(times, 0.5), quantile(times, 0.99)];
          tools.progress(`latency, ${what}, ${name}: p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`);
          if (!isMeasured) continue;
          const key = { scenario: 'latency', what, services, side: name } as const;
          tools.figures.add({ ...key, metric: 'p50Ms' }, p50Ms);
          tools.figures.add({ ...key, metric: 'p99Ms' }, p99Ms);
        }
      };
      await alternate({ title: `latency of ${services}`, names: [...runs.keys()], rounds, measure }, tools);
    },
  );
}

/** Keeps the first service busy until it is over. */
async function burn(run: Run, state: { readonly isOver: boolean }): Promise<void> {
  while (!state.isOver) await fetchText(`${run.url('s01')}/burn?ms=${BURN_MS}`);
}

/** Calls all services but the first in turn, each call at its moment, however long those before it take. */
async function callIdle(run: Run, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const calls: Promise<number>[] = [];
  const count = Math.round((seconds * 1000) / BETWEEN_MS);
  for (let index = 0; index < count; index += 1) {
    const name = `s${String(2 + (index % (NEIGHBOURS - 1))).padStart(2, '0')}`;
    calls.push(timeOf(`${run.url(name)}/hello`, agent));
    await pause(BETWEEN_MS);
  }
  const times = await Promise.all(calls);
  agent.destroy();
  return times;
}

async function timeOf(url: string, agent: Agent): Promise<number> {
  const beganMs = performance.now();
  await fetchText(url, agent);
  return performance.now() - beganMs;
}
