// What the benchmark must show: each target beside what was measured. Pure.
import type { FigureKey, Figures, Metric } from './figures.ts';
import { GROWTH_METRICS, growthOf, MOST_BEYOND } from './growth.ts';

/** One target; only told, when there is no bound. */
interface Target {
  /** Targets about one thing have one number. */
  readonly line: number;
  readonly text: string;
  readonly most?: number;
  readonly least?: number;
  readonly unit: 'x' | 'ms' | '%';
  /** Null when something it needs was not measured. */
  readonly measure: (figures: Figures) => number | null;
}

/** A target and what became of it. */
export interface Verdict {
  readonly line: number;
  readonly text: string;
  /** For example `at most 0.70x`, or nothing. */
  readonly bound: string;
  readonly measured: string;
  readonly verdict: 'met' | 'NOT met' | 'not measured' | 'told';
}

type Key = Pick<FigureKey, 'what' | 'services' | 'side'>;

const boot = (side: string): Key => ({ what: 'js', services: 15, side });
const heavy = (side: string): Key => ({ what: 'heavy', services: 8, side });
const dense = (services: number, side: string): Key => ({ what: 'js', services, side });

/** The first beside the second. */
function ratio(scenario: string, metric: Metric, above: Key, below: Key): Target['measure'] {
  return (figures) =>
    figures.ratio({ scenario, metric, ...above }, { scenario, metric, ...below })?.median ?? null;
}

const NAMES: Readonly<Record<(typeof GROWTH_METRICS)[number], string>> = {
  bootMs: 'boot',
  cpuMs: 'CPU',
  pssMb: 'memory',
};

const BARE: readonly Target[] = (
  [
    ['bootMs', 0.7],
    ['cpuMs', 0.7],
    ['pssMb', 1.1],
  ] as const
).map(([metric, most]) => ({
  line: 1,
  text: `15 Express, thread / bare workers, ${NAMES[metric]}`,
  most,
  unit: 'x',
  measure: ratio('boot', metric, boot('thread'), boot('bare')),
}));

const PEERS: readonly Target[] = (
  [
    ['watch', 'concurrently + tsx watch', 'bootMs', 8],
    ['watch', 'concurrently + tsx watch', 'pssMb', 3],
    ['watt', 'Watt', 'bootMs', 10],
    ['watt', 'Watt', 'pssMb', 4],
  ] as const
).map(([side, title, metric, least]) => ({
  line: 1,
  text: `15 Express, ${title} / thread, ${NAMES[metric]}`,
  least,
  unit: 'x',
  measure: ratio('boot', metric, boot(side), boot('thread')),
}));

const SHARED: readonly Target[] = [
  ...([15, 50] as const).flatMap((count) =>
    (['bootMs', 'pssMb'] as const).map(
      (metric): Target => ({
        line: 3,
        text: `shared, ${count} Express / 1, ${NAMES[metric]}`,
        most: count === 15 ? { bootMs: 1.3, pssMb: 1.15 }[metric] : { bootMs: 1.7, pssMb: 1.25 }[metric],
        unit: 'x',
        measure: ratio('density', metric, dense(count, 'shared'), dense(1, 'shared')),
      }),
    ),
  ),
  ...(['bootMs', 'pssMb'] as const).map(
    (metric): Target => ({
      line: 3,
      text: `50 Express, thread / shared, ${NAMES[metric]}`,
      least: { bootMs: 15, pssMb: 10 }[metric],
      unit: 'x',
      measure: ratio('density', metric, dense(50, 'thread'), dense(50, 'shared')),
    }),
  ),
  ...(['cpuMs', 'pssMb'] as const).map(
    (metric): Target => ({
      line: 3,
      text: `8 heavy, shared / thread, ${NAMES[metric]}`,
      most: 0.25,
      unit: 'x',
      measure: ratio('boot', metric, heavy('shared'), heavy('thread')),
    }),
  ),
];

const GROWTH: readonly Target[] = ['thread', 'shared'].flatMap((side) =>
  GROWTH_METRICS.map(
    (metric): Target => ({
      line: 4,
      text: `100 Express beside the line through 1 to 50, ${side}, ${NAMES[metric]}`,
      most: 100 * MOST_BEYOND,
      unit: '%',
      measure: (figures) => {
        const growth = growthOf(figures).find((one) => one.side === side && one.metric === metric);
        const isWhole = growth?.points.at(-1)?.x === 100 && growth.beyond !== null;
        return isWhole ? 100 * Number(growth.beyond) : null;
      },
    }),
  ),
);

const ANSWERS: readonly Target[] = [
  ...['/json', '/file', '/stream'].map(
    (what): Target => ({
      line: 5,
      text: `requests a second of ${what}, thread / process`,
      least: 0.97,
      unit: 'x',
      measure: ratio('throughput', 'perSecond', one(what, 'thread'), one(what, 'process')),
    }),
  ),
  ...['thread', 'shared'].map(
    (side): Target => ({
      line: 5,
      text: `service to service, ${side} / process, p50`,
      most: 1.1,
      unit: 'x',
      measure: ratio('latency', 'p50Ms', pair(side), pair('process')),
    }),
  ),
  ...['thread', 'shared', 'process'].map(
    (side): Target => ({
      line: 5,
      text: `p99 of 14 idle services while one burns its CPU, ${side}`,
      unit: 'ms',
      measure: (figures) =>
        figures.median({
          scenario: 'latency',
          what: 'one of them burns its CPU',
          services: 15,
          side,
          metric: 'p99Ms',
        }),
    }),
  ),
];

const CLI: readonly Target[] = ['uber --help', 'uber ps'].map((side) => ({
  line: 6,
  text: `CPU of ${side} beyond node -e 0`,
  most: 60,
  unit: 'ms',
  measure: (figures) => {
    const key = { scenario: 'cli', what: 'a short command', services: 0, metric: 'cpuMs' } as const;
    const [with_, without] = [
      figures.median({ ...key, side }),
      figures.median({ ...key, side: 'node -e 0' }),
    ];
    return with_ === null || without === null ? null : with_ - without;
  },
}));

const TARGETS: readonly Target[] = [
  ...BARE,
  ...PEERS,
  {
    line: 2,
    text: '8 heavy, thread / bare workers, CPU',
    most: 0.6,
    unit: 'x',
    measure: ratio('boot', 'cpuMs', heavy('thread'), heavy('bare')),
  },
  ...SHARED,
  ...GROWTH,
  ...ANSWERS,
  ...CLI,
];

/** All targets, in their order. */
export function judgeTargets(figures: Figures): Verdict[] {
  return TARGETS.map(({ line, text, most, least, unit, measure }) => {
    const value = measure(figures);
    const bound =
      most !== undefined
        ? `at most ${told(most, unit)}`
        : least !== undefined
          ? `at least ${told(least, unit)}`
          : '';
    const measured = value === null ? '-' : told(value, unit);
    return { line, text, bound, measured, verdict: verdictOf(value, most, least) };
  });
}

function verdictOf(value: number | null, most?: number, least?: number): Verdict['verdict'] {
  if (value === null) return 'not measured';
  if (most === undefined && least === undefined) return 'told';
  return value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY)
    ? 'met'
    : 'NOT met';
}

function told(value: number, unit: Target['unit']): string {
  return unit === 'x' ? `${value.toFixed(2)}x` : `${value.toFixed(unit === 'ms' ? 0 : 1)} ${unit}`;
}

function one(what: string, side: string): Key {
  return { what, services: 1, side };
}

function pair(side: string): Key {
  return { what: 'service to service', services: 2, side };
}
