// The regression gate's decision: ratios beside the committed ones. Pure.
import type { FigureKey, Figures } from '../report/figures.ts';

/** A loss of more than this part fails. */
export const MOST_LOSS = 0.15;

/** Ratios by name; less is better in all of them. */
export type Ratios = Readonly<Record<string, number>>;

/** What became of one ratio. */
export interface RatioVerdict {
  readonly name: string;
  readonly committed: number | null;
  readonly measured: number | null;
  /** How much worse it is, as a part of the committed one; negative when it is better. */
  readonly loss: number | null;
  readonly verdict: 'kept' | 'better' | 'LOST' | 'NOT MEASURED' | 'new';
}

/** CPU and memory, which do not depend on what else the machine does as much as time does. */
const GATED: Readonly<Record<string, readonly [FigureKey, FigureKey]>> = {
  ...boots('js', 15, 'thread', 'bare'),
  ...boots('js', 15, 'thread cold', 'bare'),
  ...boots('js', 15, 'shared', 'thread'),
  ...boots('heavy', 8, 'thread', 'bare'),
  ...boots('heavy', 8, 'shared', 'thread'),
  'CPU of a request, thread / process': [
    { scenario: 'throughput', what: '/json', services: 1, side: 'thread', metric: 'cpuPerRequestMs' },
    { scenario: 'throughput', what: '/json', services: 1, side: 'process', metric: 'cpuPerRequestMs' },
  ],
  ...command('uber --help'),
  ...command('uber ps'),
};

/** The ratios that could be measured, in thousandths. */
export function gatedRatios(figures: Figures): Ratios {
  const found = Object.entries(GATED).flatMap(([name, [above, below]]) => {
    const ratio = figures.ratio(above, below);
    return ratio === null ? [] : [[name, Math.round(ratio.median * 1000) / 1000] as const];
  });
  return Object.fromEntries(found);
}

/**
 * Compares. A committed ratio that could not be measured fails as well: a gate that measures nothing keeps nothing. One
 * that is measured and not committed is told.
 */
export function compareRatios(committed: Ratios, measured: Ratios): RatioVerdict[] {
  const names = [...new Set([...Object.keys(committed), ...Object.keys(measured)])];
  return names.map((name) => {
    const [before = null, now = null] = [committed[name], measured[name]];
    const loss = before === null || now === null ? null : now / before - 1;
    return { name, committed: before, measured: now, loss, verdict: verdictOf(before, loss) };
  });
}

/** True for a verdict that fails the gate. */
export function isLost({ verdict }: RatioVerdict): boolean {
  return verdict === 'LOST' || verdict === 'NOT MEASURED';
}

function verdictOf(committed: number | null, loss: number | null): RatioVerdict['verdict'] {
  if (committed === null) return 'new';
  if (loss === null) return 'NOT MEASURED';
  if (loss > MOST_LOSS) return 'LOST';
  return loss < -MOST_LOSS ? 'better' : 'kept';
}

function boots(what: string, services: number, above: string, below: string): typeof GATED {
  const key = (side: string, metric: FigureKey['metric']): FigureKey => ({
    scenario: 'boot',
    what,
    services,
    side,
    metric,
  });
  const name = `${services} ${what}, ${above} / ${below}`;
  return {
    [`CPU of a boot of ${name}`]: [key(above, 'cpuMs'), key(below, 'cpuMs')],
    [`memory of ${name}`]: [key(above, 'pssMb'), key(below, 'pssMb')],
  };
}

function command(side: string): typeof GATED {
  const key = { scenario: 'cli', what: 'a short command', services: 0, metric: 'cpuMs' } as const;
  return {
    [`CPU of ${side} / node -e 0`]: [
      { ...key, side },
      { ...key, side: 'node -e 0' },
    ],
  };
}
