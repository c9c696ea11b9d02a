// Scenario `throughput`: requests a second of one service, beside the same program in a process of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { putLoadOn } from '../measure/load.ts';
import { alternate } from '../measure/rounds.ts';
import { withRuns } from '../measure/with-runs.ts';
import { programProject } from '../project/flavours.ts';
import type { Project } from '../project/project.ts';
import { type BenchOptions, type BenchTools, chosen, type Scenario } from '../scenario.ts';
import type { SideName, SideShelf } from '../sides/side-table.ts';

const ROUNDS = 5;
const PROGRAM = join(import.meta.dirname, 'programs', 'server.cjs');

/** JSON from memory, a file that is read, a file that is streamed. */
const ENDPOINTS = ['/json', '/file', '/stream'] as const;

type Endpoint = (typeof ENDPOINTS)[number];

export const throughputScenario: Scenario = {
  summary: 'Requests a second of one service, beside the same in a process and in a bare worker',
  title: 'Throughput',
  reference: 'process',
  explanation: [
    '20 connections from autocannon in a process of its own. CPU: of the server, for one request.',
    'All servers live all the time and are loaded in turn.',
  ],
  run: (options, tools, shelf) =>
    compareThroughput(
      {
        names: chosen(options, ['process', 'bare', 'thread', 'shared']),
        endpoints: ENDPOINTS,
        rounds: options.rounds ?? ROUNDS,
        seconds: options.seconds,
      },
      tools,
      shelf,
    ),
};

interface ThroughputOptions extends Pick<BenchOptions, 'seconds'> {
  readonly names: readonly SideName[];
  readonly endpoints: readonly Endpoint[];
  readonly rounds: number;
}

/** Compares sides in alternating rounds; the figures are those of scenario `throughput`. */
export async function compareThroughput(
  { names, endpoints, rounds, seconds }: ThroughputOptions,
  tools: BenchTools,
  shelf: SideShelf,
): Promise<void> {
  const sides = await shelf.available(names);
  await withRuns({ title: 'throughput', sides, project: () => serverProject(tools), tools }, async (runs) => {
    for (const endpoint of endpoints) {
      const measure = async (name: SideName, isMeasured: boolean): Promise<void> => {
        const run = runs.get(name);
        if (run === undefined) throw new Error('it is not running');
        const load = await putLoadOn(run, `${run.url('s01')}${endpoint}`, seconds);
        tools.progress(`throughput ${endpoint}, ${name}: ${load.perSecond.toFixed(0)} requests/s`);
        if (!isMeasured) return;
        const key = { scenario: 'throughput', what: endpoint, services: 1, side: name } as const;
        for (const metric of ['perSecond', 'cpuPerRequestMs'] as const) {
          tools.figures.add({ ...key, metric }, load[metric]);
        }
      };
      await alternate({ title: `throughput ${endpoint}`, names: [...runs.keys()], rounds, measure }, tools);
    }
  });
}

/** The file lies where a relative path leads to: from the service's folder, and from that of a plain process. */
function serverProject(tools: BenchTools): Project {
  const project = programProject(readFileSync(PROGRAM, 'utf8'), 1, tools);
  for (const folder of [project.root, ...project.services.map(({ file }) => dirname(file))]) {
    writeFileSync(join(folder, 'page.html'), '<p>tea</p>\n'.repeat(200));
  }
  return project;
}
