// Uber beside bare workers: differences, ratios and whether the target is met. Pure.
import type { Spread } from '../statistics.ts';

export const METRICS = ['bootMs', 'servedMs', 'cpuMs', 'pssMb'] as const;

export type Metric = (typeof METRICS)[number];

/** The rounds of one launcher; null where the system gives no figure. */
export interface Measured extends Readonly<Record<Metric, Spread | null>> {}

/** Both launchers at one number of services. */
export interface SizeResult {
  readonly services: number;
  readonly bare: Measured;
  readonly uber: Measured;
}

/** A figure for each metric; null where there is none. */
export type Figures = Readonly<Record<Metric, number | null>>;

/** The launcher may add this much CPU time once, in milliseconds, and beyond that these parts of bare. */
export const TARGET = { onceMs: 150, cpuRatio: 1.15, pssRatio: 1.1 };

/** One number of services, compared. Ratios are uber / bare. */
export interface SizeComparison extends SizeResult {
  readonly ratio: Figures;
  /** Ratio of what each service after the first adds; null for one service. */
  readonly furtherRatio: Figures | null;
  readonly target: { readonly cpu: Verdict | null; readonly pss: Verdict | null };
}

interface Verdict {
  readonly ratio: number;
  readonly isMet: boolean;
}

export interface Comparison {
  /** What uber adds for one service: its cost once, in the metrics' own units. */
  readonly once: Figures;
  readonly sizes: readonly SizeComparison[];
}

/**
 * Compares all sizes.
 * @param sizes the first is that of one service
 * @throws RangeError when there is none
 */
export function compare(sizes: readonly SizeResult[]): Comparison {
  const [single] = sizes;
  if (single === undefined) throw new RangeError('nothing measured');
  const once = figures((metric) => minus(median(single.uber, metric), median(single.bare, metric)));
  return { once, sizes: sizes.map((size) => compareSize(size, single, once)) };
}

function compareSize(size: SizeResult, single: SizeResult, once: Figures): SizeComparison {
  const { bare, uber } = size;
  const ratio = figures((metric) => over(median(uber, metric), median(bare, metric)));
  const added = (side: 'bare' | 'uber', metric: Metric): number | null =>
    minus(median(size[side], metric), median(single[side], metric));
  const furtherRatio =
    size.services === 1 ? null : figures((metric) => over(added('uber', metric), added('bare', metric)));
  const allowedMs = Math.max(0, Math.min(TARGET.onceMs, once.cpuMs ?? 0));
  const cpu = over(minus(median(uber, 'cpuMs'), allowedMs), median(bare, 'cpuMs'));
  return {
    ...size,
    ratio,
    furtherRatio,
    target: { cpu: verdict(cpu, TARGET.cpuRatio), pss: verdict(ratio.pssMb, TARGET.pssRatio) },
  };
}

function verdict(ratio: number | null, most: number): Verdict | null {
  return ratio === null ? null : { ratio, isMet: ratio <= most };
}

function figures(of: (metric: Metric) => number | null): Figures {
  return Object.fromEntries(METRICS.map((metric) => [metric, of(metric)])) as Figures;
}

function median(measured: Measured, metric: Metric): number | null {
  return measured[metric]?.median ?? null;
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function over(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a / b;
}
