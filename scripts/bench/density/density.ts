// Scenario `density`: how boot, CPU and memory grow with the number of services.
import { bootOnce, describe, projectOrSkip } from '../boot/boot.ts';
import { alternate } from '../measure/rounds.ts';
import type { Figures, Metric } from '../report/figures.ts';
import { fitLine, growthBeyondLine, type Point } from '../report/fit.ts';
import { type BenchTools, chosen, type Scenario } from '../scenario.ts';
import { PLACEMENT_NAMES, type SideName, type SideShelf } from '../sides/side-table.ts';

const ROUNDS = 3;
const COUNTS = [1, 5, 15, 50, 100];

/** What grows. */
export const GROWTH_METRICS = ['bootMs', 'cpuMs', 'pssMb'] as const satisfies readonly Metric[];

/** How much of the greatest count's figure may lie above the line through the smaller ones. */
export const MOST_BEYOND = 0.1;

const UNITS: Readonly<Record<(typeof GROWTH_METRICS)[number], string>> = {
  bootMs: 'ms boot',
  cpuMs: 'ms CPU',
  pssMb: 'MB',
};

export const densityScenario: Scenario = {
  summary: 'Growth from 1 to 100 Express services, with the line through it',
  title: 'Density',
  reference: 'thread',
  explanation: [
    'fit: the line through all counts. foretold: how far the greatest count lies above the line through the others, ' +
      'as a part of it; what grows faster than a line shows there.',
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
export async function compareDensity(
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
    await alternate({ names: found, rounds, measure }, tools);
  }
}

/** How one figure of one side grows. */
export interface Growth {
  readonly side: string;
  readonly metric: (typeof GROWTH_METRICS)[number];
  readonly points: readonly Point[];
  readonly slope: number;
  readonly intercept: number;
  readonly r2: number;
  /** See {@link growthBeyondLine}. */
  readonly beyond: number | null;
}

/** The growth of everything that was measured at three counts or more. */
export function growthOf(figures: Figures): Growth[] {
  const groups = figures.groups('density');
  const sides = [...new Set(groups.flatMap((group) => figures.sides(group)))];
  return sides.flatMap((side) =>
    GROWTH_METRICS.flatMap((metric) => {
      const points = groups.flatMap((group): Point[] => {
        const y = figures.median({ ...group, side, metric });
        return y === null ? [] : [{ x: group.services, y }];
      });
      if (points.length < 3) return [];
      return [{ side, metric, points, ...fitLine(points), beyond: growthBeyondLine(points) }];
    }),
  );
}

/** For example `thread: 120 ms CPU + 90.5 for each service, R2 0.999; 100 services: 1 % above what was foretold`. */
export function growthText({ side, metric, points, slope, intercept, r2, beyond }: Growth): string {
  const most = points.at(-1)?.x ?? 0;
  const percent = beyond === null ? '-' : `${(100 * beyond).toFixed(1)} %`;
  return (
    `fit of ${side}: ${intercept.toFixed(0)} + ${slope.toFixed(2)} ${UNITS[metric]} a service, R2 ${r2.toFixed(4)}; ` +
    `${most} services beside what was foretold: ${percent}`
  );
}
