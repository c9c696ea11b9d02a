// Scenario `density`: how boot, CPU and memory grow with the number of services.
import { bootOnce, describe, projectOrSkip } from '../boot/boot.ts';
import { alternate } from '../measure/rounds.ts';
import { GROWTH_METRICS, growthOf, growthText } from '../report/growth.ts';
import { type BenchTools, chosen, type Scenario } from '../scenario.ts';
import { PLACEMENT_NAMES, type SideName, type SideShelf } from '../sides/side-table.ts';

const ROUNDS = 3;
const COUNTS = [1, 5, 15, 50, 100];

export const densityScenario: Scenario = {
  summary: 'Growth from 1 to 100 Express services, with the line through it',
  title: 'Density',
  reference: 'thread',
  explanation: [
    'fit: the line through all counts.',
    'foretold: the line through all counts but the greatest. What grows faster than a line lies above it there.',
  ],
  run: (options, tools, shelf) =>
    compareDensity(
      {
        names: chosen(options, PLACEMENT_NAMES),
        counts: options.services ?? COUNTS,
        rounds: options.rounds ?? ROUNDS,
      },
      tools,
      shelf,
    ),
  conclusions: (figures) => growthOf(figures).map(growthText),
};

interface DensityOptions {
  readonly names: readonly SideName[];
  readonly counts: readonly number[];
  readonly rounds: number;
}

/** Measures each count by itself; the figures are those of scenario `density`. */
async function compareDensity(
  { names, counts, rounds }: DensityOptions,
  tools: BenchTools,
  shelf: SideShelf,
): Promise<void> {
  const sides = await shelf.available(names);
  const found = sides.map(([name]) => name);
  for (const count of counts) {
    const project = await projectOrSkip('js', count, tools);
    if (project === null) return;
    const measure = async (name: SideName, isMeasured: boolean): Promise<void> => {
      const side = await shelf.prepared(name);
      const sample = await bootOnce(side, project, tools);
      tools.progress(`density ${count}, ${name}: ${describe(sample)}`);
      if (!isMeasured) return;
      const key = { scenario: 'density', what: 'js', services: count, side: name } as const;
      for (const metric of GROWTH_METRICS) tools.figures.add({ ...key, metric }, sample[metric]);
    };
    await alternate({ title: `density ${count}`, names: found, rounds, measure }, tools);
  }
}
