// Scenario `boot`: from the start of a launcher until all services answer, and what that costs.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { callAll } from '../measure/call.ts';
import { alternate } from '../measure/rounds.ts';
import { startRun, type Usage } from '../measure/run.ts';
import { type Flavour, makeProject } from '../project/flavours.ts';
import { type Project, saveVersion } from '../project/project.ts';
import { type BenchOptions, type BenchTools, chosen, type Scenario } from '../scenario.ts';
import type { PreparedSide } from '../sides/side.ts';
import { PEER_NAMES, PLACEMENT_NAMES, type SideName, type SideShelf } from '../sides/side-table.ts';
import { Unavailable } from '../unavailable.ts';

/** What is measured when nothing is chosen. Heavy services take peers half a minute a round. */
const DEFAULTS: Readonly<Record<Flavour, { readonly count: number; readonly rounds: number }>> = {
  js: { count: 15, rounds: 5 },
  ts: { count: 15, rounds: 5 },
  heavy: { count: 8, rounds: 3 },
};
/** What is freed after the last answer (sockets, buffers of the boot) has gone by then, in milliseconds. */
const SETTLE_MS = 300;

/** What a launcher finds of its earlier runs. Only uber keeps something, so only uber has all three. */
const STATES = ['warm', 'cold', 'changed'] as const;

type CacheState = (typeof STATES)[number];

export const bootScenario: Scenario = {
  summary: 'Boot of N services: time, CPU and memory, beside all peers',
  title: 'Boot',
  reference: 'bare',
  explanation: [
    'boot: from the spawn until every service listens and the launcher says so. served: until each has answered.',
    'CPU: user and system time of all processes until then. PSS: proportional memory of all processes.',
    'cold: as in a fresh clone, nothing is kept of earlier runs. changed: one file has changed since the last run.',
    'What uber keeps for the next start it takes a second later, or when it stops: that is not in these figures.',
  ],
  run: async (options, tools, shelf) => {
    for (const flavour of options.flavours ?? (['js', 'heavy'] as const)) {
      for (const count of options.services ?? [DEFAULTS[flavour].count]) {
        await compareBoots(
          { flavour, count, rounds: options.rounds ?? DEFAULTS[flavour].rounds, names: bootSides(options) },
          tools,
          shelf,
        );
      }
    }
  },
};

function bootSides(options: BenchOptions): SideName[] {
  return chosen(options, [...PEER_NAMES, ...PLACEMENT_NAMES]);
}

/** One comparison. */
export interface BootOptions {
  readonly flavour: Flavour;
  readonly count: number;
  readonly rounds: number;
  readonly names: readonly SideName[];
  /** Default: all. */
  readonly states?: readonly CacheState[];
}

/** Compares sides in alternating rounds; the figures are those of scenario `boot`. */
export async function compareBoots(
  { flavour, count, rounds, names, states = STATES }: BootOptions,
  tools: BenchTools,
  shelf: SideShelf,
): Promise<void> {
  const sides = await shelf.available(names);
  const turns = new Map<string, Turn>();
  for (const state of states) {
    for (const [name, side] of sides) {
      if (state !== 'warm' && !isPlacement(name)) continue;
      // A project each: what one leaves in it (a cache, a configuration) is not found by the next.
      const project = await projectOrSkip(flavour, count, tools);
      if (project === null) return;
      turns.set(turnName(name, state), { side, state, project });
    }
  }
  await alternate(
    {
      title: `boot of ${count} ${flavour}`,
      names: [...turns.keys()],
      rounds,
      measure: async (turn, isMeasured) => {
        const { side, state, project } = turns.get(turn) as Turn;
        prepareCache(side, project, state);
        const sample = await bootOnce(side, project, tools);
        tools.progress(`${count} ${flavour}, ${turn}: ${describe(sample)}`);
        if (!isMeasured) return;
        const key = { scenario: 'boot', what: flavour, services: count, side: turn } as const;
        for (const metric of ['bootMs', 'servedMs', 'cpuMs', 'pssMb', 'processes'] as const) {
          tools.figures.add({ ...key, metric }, sample[metric]);
        }
      },
    },
    tools,
  );
}

interface Turn {
  readonly side: PreparedSide;
  readonly state: CacheState;
  readonly project: Project;
}

/** What one boot has cost. */
export interface BootSample extends Usage {
  /** From the spawn, in milliseconds. */
  readonly bootMs: number;
  readonly servedMs: number;
}

/** Boots a project, calls every service, measures, and stops it. */
export async function bootOnce(side: PreparedSide, project: Project, tools: BenchTools): Promise<BootSample> {
  const beganMs = performance.now();
  const run = await startRun({ side, project, tools });
  try {
    const bootMs = performance.now() - beganMs;
    await callAll(run, project);
    const servedMs = performance.now() - beganMs;
    const { cpuMs } = run.usage();
    await pause(SETTLE_MS);
    return { ...run.usage(), bootMs, servedMs, cpuMs };
  } finally {
    await run.stop();
  }
}

/** One line of progress. */
export function describe({ bootMs, cpuMs, pssMb }: BootSample): string {
  const usage =
    cpuMs === null || pssMb === null ? '' : `, CPU ${Math.round(cpuMs)} ms, ${Math.round(pssMb)} MB`;
  return `up in ${Math.round(bootMs)} ms${usage}`;
}

/** Null, and told, when the packages of the flavour cannot be installed. */
export async function projectOrSkip(
  flavour: Flavour,
  count: number,
  tools: BenchTools,
): Promise<Project | null> {
  try {
    return await makeProject(flavour, count, tools);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    tools.skip(`${count} ${flavour} services`, error.message);
    return null;
  }
}

/** Warm is what a person sees all day: it has no word of its own. */
function turnName(name: SideName, state: CacheState): string {
  return state === 'warm' ? name : `${name} ${state}`;
}

let version = 1;

function prepareCache({ keeps = [] }: PreparedSide, project: Project, state: CacheState): void {
  const kept = state === 'cold' ? [join(project.root, '.uber'), ...keeps] : [];
  for (const folder of kept) rmSync(folder, { recursive: true, force: true });
  const [first] = project.services;
  if (state !== 'changed' || first === undefined) return;
  version += 1;
  saveVersion(project, first.name, version);
}

function isPlacement(name: SideName): boolean {
  return PLACEMENT_NAMES.some((placement) => placement === name);
}
