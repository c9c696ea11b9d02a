// Median, lowest and highest of some figures. Pure.

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
