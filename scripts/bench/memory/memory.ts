// Scenario `memory`: what services hold when they are up, after work, and at rest.
import { setTimeout as pause } from 'node:timers/promises';
import { projectOrSkip } from '../boot/boot.ts';
import { callAll } from '../measure/call.ts';
import { HAS_PROCESS_USAGE } from '../measure/process-usage.ts';
import { alternate } from '../measure/rounds.ts';
import { startRun } from '../measure/run.ts';
import type { Flavour } from '../project/flavours.ts';
import { type BenchOptions, type BenchTools, chosen, type Scenario } from '../scenario.ts';
import { PEER_NAMES, PLACEMENT_NAMES, type SideName, type SideShelf } from '../sides/side-table.ts';

const ROUNDS = 2;
const SERVICES = 15;
/** Requests to each service. */
const REQUESTS = 50;
/** What is freed after a boot or after work has gone by then, in milliseconds. */
const SETTLE_MS = 300;
const REST_MS = 5000;

export const memoryScenario: Scenario = {
  summary: 'Memory of N services when they are up, after requests, and at rest',
  title: 'Memory',
  reference: 'bare',
  explanation: [`Proportional memory of all processes. At rest: ${REST_MS / 1000} s after the last request.`],
  run: async (options, tools, shelf) => {
    if (!HAS_PROCESS_USAGE) {
      tools.skip('memory', 'it is read from /proc, which only Linux has');
      return;
    }
    for (const flavour of options.flavours ?? (['js'] as const)) {
      for (const count of options.services ?? [SERVICES])
        await compare(flavour, count, options, tools, shelf);
    }
  },
};

async function compare(
  flavour: Flavour,
  count: number,
  options: BenchOptions,
  tools: BenchTools,
  shelf: SideShelf,
): Promise<void> {
  const sides = await shelf.available(chosen(options, [...PEER_NAMES, ...PLACEMENT_NAMES]));
  const measure = async (name: SideName, isMeasured: boolean): Promise<void> => {
    const project = await projectOrSkip(flavour, count, tools);
    if (project === null) return;
    const run = await startRun({ side: await shelf.prepared(name), project, tools });
    const take = (when: string): void => {
      const { pssMb } = run.usage();
      tools.progress(`memory ${count} ${flavour}, ${name}, ${when}: ${Math.round(pssMb ?? 0)} MB`);
      const key = { scenario: 'memory', what: `${flavour} ${when}`, services: count, side: name } as const;
      if (isMeasured) tools.figures.add({ ...key, metric: 'pssMb' }, pssMb);
    };
    try {
      await pause(SETTLE_MS);
      take('up');
      for (let request = 0; request < REQUESTS; request += 1) await callAll(run, project);
      await pause(SETTLE_MS);
      take(`after ${REQUESTS} requests each`);
      await pause(REST_MS);
      take('at rest');
    } finally {
      await run.stop();
    }
  };
  await alternate(
    {
      title: `memory of ${count} ${flavour}`,
      names: sides.map(([name]) => name),
      rounds: options.rounds ?? ROUNDS,
      measure,
    },
    tools,
  );
}
