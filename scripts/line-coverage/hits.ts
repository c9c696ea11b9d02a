// How often V8 saw places of a script run. Pure.

/** What V8 tells of one script, in the files that NODE_V8_COVERAGE makes. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/**
 * The count at each offset: that of the innermost range around it.
 * @param offsets ascending
 */
export function countsAt(offsets: readonly number[], { functions }: ScriptCoverage): number[] {
  const counts = offsets.map(() => 0);
  const ranges = functions
    .flatMap((one) => one.ranges)
    .toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  // Outer ranges stand before inner ones, so the last to write is the innermost.
  for (const { startOffset, endOffset, count } of ranges) {
    counts.fill(count, lowerBound(offsets, startOffset), lowerBound(offsets, endOffset));
  }
  return counts;
}

/** Index of the first value that is not below `limit`. */
export function lowerBound(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
