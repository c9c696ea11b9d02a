// Median, lowest and highest of some figures, and quantiles. Pure.

/** What is told of repeated measurements. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The spread of some figures, in their own unit. The median, because on a shared machine the mean is that of the
 * neighbours.
 * @throws RangeError when there are none
 */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new RangeError('no figures');
  }
  return { median: (lower + upper) / 2, min, max };
}

/**
 * The value below which a part of the figures lies (nearest rank).
 * @throws RangeError when there are none
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no figures');
  return value;
}
