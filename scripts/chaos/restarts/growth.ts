// Whether what a process holds grows from measurement to measurement. Pure.

import { fitLine } from '../../bench/report/fit.ts';
import { table } from '../../bench/report/table.ts';
import type { Usage } from '../usage.ts';

/** What the process held after so many restarts. */
export interface Measurement {
  readonly restarts: number;
  readonly usage: Usage;
}

/** What is said of one figure. */
export interface Growth {
  readonly what: keyof Usage;
  readonly isFlat: boolean;
  readonly per100: number;
  readonly text: string;
}

/**
 * The first half is not judged: V8 compiles what is called often, and the heap of Node alone, with threads that come and
 * go, grows by 1 or 2 kB a thread for the first 600.
 */
const WARM_UP_SHARE = 0.5;

/** A run shorter than this ends before V8 is done. */
const LONG_RUN = 1000;

/** Counts: not one more after the warm-up. */
const COUNTS = ['resources', 'threads', 'descriptors', 'listeners'] as const;

/**
 * Sizes: the most that 100 restarts may add, in bytes. What one restart makes (a thread's handle, its wires, its last
 * lines) takes more than 10 kB of heap and 64 kB outside of it: ten of them kept in a hundred would show. What does grow
 * is code that V8 compiles late (heap snapshots 200 restarts apart differ in nothing else). malloc keeps memory that it
 * may need again, and rss is that of the other nine too: hence more for rss.
 */
const MOST_PER_100 = { heapUsed: 100_000, external: 50_000, rss: 10_000_000 } as const;
const MOST_PER_100_SHORT = { heapUsed: 500_000, external: 500_000, rss: Number.POSITIVE_INFINITY } as const;

/** The verdict on each figure. */
export function judgeGrowth(measurements: readonly Measurement[]): Growth[] {
  const total = measurements.at(-1)?.restarts ?? 0;
  const most = total < LONG_RUN ? MOST_PER_100_SHORT : MOST_PER_100;
  const warm = measurements.filter(({ restarts }) => restarts >= total * WARM_UP_SHARE);
  const per100 = (what: keyof Usage): number =>
    100 * fitLine(warm.map(({ restarts, usage }) => ({ x: restarts, y: usage[what] ?? 0 }))).slope;
  const sizes = (['heapUsed', 'external', 'rss'] as const).map((what): Growth => {
    const bytes = per100(what);
    const text = `${(bytes / 1000).toFixed(1)} kB per 100 restarts (flat: at most ${most[what] / 1000} kB)`;
    // Two points are no line.
    return { what, per100: bytes, text, isFlat: warm.length < 3 || bytes <= most[what] };
  });
  const counts = COUNTS.map((what): Growth => {
    const values = warm.map(({ usage }) => usage[what]);
    const first = values[0] ?? null;
    const last = values.at(-1) ?? null;
    const isFlat = first === null || last === null || last <= first;
    const text = `${first ?? '-'} after the warm-up, ${last ?? '-'} at the end (flat: not one more)`;
    return { what, per100: per100(what), text, isFlat };
  });
  return [...sizes, ...counts];
}

/** The lines of the table of all measurements. */
export function toTable(measurements: readonly Measurement[]): string[] {
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(0);
  const rows = measurements.map(({ restarts, usage }) => [
    String(restarts),
    ...[usage.heapUsed, usage.external, usage.rss].map(kilobytes),
    ...COUNTS.map((what) => String(usage[what] ?? '-')),
  ]);
  return table([['restarts', 'heap kB', 'external kB', 'rss kB', ...COUNTS], ...rows]);
}
