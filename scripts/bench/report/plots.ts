// Which plots the page has: bars for what is compared, lines for growth. Pure.
import { type Figures, type Group, METRICS, type Metric } from './figures.ts';
import { GROWTH_METRICS, growthOf } from './growth.ts';
import { barSvg, lineSvg } from './svg.ts';

/** One plot as a file. */
export interface Plot {
  readonly file: string;
  readonly title: string;
  /** The scenario it belongs to. */
  readonly scenario: string;
  readonly svg: string;
}

/** What is drawn with bars: a file for each group and metric. */
const BARS: Readonly<Record<string, readonly Metric[]>> = {
  boot: ['bootMs', 'cpuMs', 'pssMb'],
  edit: ['answerMs'],
  reset: ['answerMs'],
};

/** All plots for which there are figures. @param footer the machine */
export function plotsOf(
  figures: Figures,
  titles: (scenario: string, group: Group) => string,
  footer: string,
): Plot[] {
  const bars = Object.entries(BARS).flatMap(([scenario, metrics]) =>
    figures.groups(scenario).flatMap((group) =>
      metrics.flatMap((metric): Plot[] => {
        const found = figures.sides(group).flatMap((name) => {
          const value = figures.median({ ...group, side: name, metric });
          return value === null ? [] : [{ name, value }];
        });
        if (found.length === 0) return [];
        const [name = '', unit = ''] = splitUnit(METRICS[metric].title);
        const title = `${titles(scenario, group)}, ${name}`;
        const file = `${[scenario, group.services, group.what, metric].join('-').replaceAll(/[^\w-]/g, '')}.svg`;
        return [{ file, title, scenario, svg: barSvg({ title, unit, bars: found, footer }) }];
      }),
    ),
  );
  const growths = growthOf(figures);
  const lines = GROWTH_METRICS.flatMap((metric): Plot[] => {
    const series = growths
      .filter((growth) => growth.metric === metric)
      .map(({ side, points }) => ({ name: `uber, ${side}`, points }));
    if (series.length === 0) return [];
    const title = `Growth: ${METRICS[metric].title}`;
    const [, unit = ''] = splitUnit(METRICS[metric].title);
    const svg = lineSvg({ title, xTitle: 'Express services', yTitle: unit, series, footer });
    return [{ file: `density-${metric}.svg`, title, scenario: 'density', svg }];
  });
  return [...bars, ...lines];
}

function splitUnit(title: string): [string, string] {
  const parts = title.split(' ');
  const unit = parts.pop() ?? '';
  return [parts.join(' '), unit];
}
