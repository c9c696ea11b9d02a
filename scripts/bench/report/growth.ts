// How boot, CPU and memory grow with the number of services. Pure.
import type { Figures, Metric } from './figures.ts';
import { fitLine, growthBeyondLine, type Line, type Point } from './fit.ts';

/** What grows. */
export const GROWTH_METRICS = ['bootMs', 'cpuMs', 'pssMb'] as const satisfies readonly Metric[];

/** How much of the greatest count's figure may lie above the line through the smaller ones. */
export const MOST_BEYOND = 0.1;

const UNITS: Readonly<Record<(typeof GROWTH_METRICS)[number], string>> = {
  bootMs: 'ms boot',
  cpuMs: 'ms CPU',
  pssMb: 'MB',
};

/** How one figure of one side grows. */
export interface Growth extends Line {
  readonly side: string;
  readonly metric: (typeof GROWTH_METRICS)[number];
  readonly points: readonly Point[];
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
