// The table of the scenario `boot`, and what it says about the target. Pure.
import type { Spread } from '../statistics.ts';
import { table } from '../table.ts';
import {
  type Comparison,
  type Figures,
  METRICS,
  type Metric,
  type SizeComparison,
  TARGET,
} from './comparison.ts';

interface ReportParts extends Comparison {
  readonly flavour: string;
  readonly rounds: number;
}

const HEADS: Readonly<Record<Metric, string>> = {
  bootMs: 'boot ms',
  servedMs: 'served ms',
  cpuMs: 'CPU ms',
  pssMb: 'PSS MB',
};

/** The report for people; at most 120 characters a line. */
export function reportText({ flavour, rounds, once, sizes }: ReportParts): string {
  const rows = [['launcher', 'services', ...METRICS.map((metric) => HEADS[metric])]];
  for (const size of sizes) rows.push(...rowsOf(size));
  return [
    `Express services in ${flavour}: median (lowest-highest) of ${rounds} rounds, warm`,
    '',
    ...table(rows),
    '',
    'boot: spawn to the "up" line; served: until each has answered once; CPU: of the process tree until then.',
    ...(once.cpuMs === null
      ? ['CPU and PSS are read from /proc and need Linux: only wall time was measured.']
      : []),
    '',
    `once (uber - bare at 1 service): ${onceText(once)}`,
    ...sizes.filter(({ services }) => services > 1).flatMap(targetLines),
  ].join('\n');
}

function rowsOf({ services, bare, uber, ratio, furtherRatio }: SizeComparison): string[][] {
  const count = String(services);
  const spreads = (of: (metric: Metric) => Spread | null): string[] =>
    METRICS.map((metric) => spreadText(of(metric)));
  const ratios = (of: Figures): string[] => METRICS.map((metric) => ratioText(of[metric]));
  return [
    ['bare', count, ...spreads((metric) => bare[metric])],
    ['uber', count, ...spreads((metric) => uber[metric])],
    ['  beside bare', count, ...ratios(ratio)],
    ...(furtherRatio === null ? [] : [['  per service', count, ...ratios(furtherRatio)]]),
  ];
}

function onceText({ bootMs, cpuMs, pssMb }: Figures): string {
  const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`;
  return [
    ...(bootMs === null ? [] : [`${signed(bootMs)} ms boot`]),
    ...(cpuMs === null ? [] : [`${signed(cpuMs)} ms CPU`]),
    ...(pssMb === null ? [] : [`${signed(pssMb)} MB`]),
  ].join(', ');
}

function targetLines({ services, target: { cpu, pss } }: SizeComparison): string[] {
  if (cpu === null || pss === null) return [];
  const said = (isMet: boolean): string => (isMet ? 'met' : 'NOT met');
  return [
    `target at ${services}: CPU less once (at most ${TARGET.onceMs} ms) ${ratioText(cpu.ratio)} of ` +
      `${ratioText(TARGET.cpuRatio)}: ${said(cpu.isMet)}; memory ${ratioText(pss.ratio)} of ${ratioText(TARGET.pssRatio)}: ${said(pss.isMet)}`,
  ];
}

function spreadText(spread: Spread | null): string {
  if (spread === null) return '-';
  const { median, min, max } = spread;
  return `${median.toFixed(0)} (${min.toFixed(0)}-${max.toFixed(0)})`;
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(2)}x`;
}
