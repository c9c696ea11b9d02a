// Tables: of texts, and of the figures of a group. Pure.
import { type Figures, type Group, METRICS, type Metric } from './figures.ts';
import type { Spread } from './statistics.ts';

/** The lines of a table: the first column aligned to the left, columns of figures to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

/** The same as Markdown. */
export function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows;
  const widths = widthsOf(rows).map((width) => Math.max(width, 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...body.map(line)];
}

/**
 * The rows of a group: a side each, its median with the lowest and highest figure, and how much that is of the
 * reference.
 * @param reference the side the others are compared with
 */
export function figureRows(figures: Figures, group: Group, reference: string): string[][] {
  const metrics = figures.metrics(group);
  const sides = figures.sides(group);
  const isCompared = sides.includes(reference) && sides.length > 1;
  const isRatioOf = (metric: Metric): boolean => isCompared && metric !== 'processes';
  const head = metrics.flatMap((metric) => [
    METRICS[metric].title,
    ...(isRatioOf(metric) ? [`of ${reference}`] : []),
  ]);
  const cells = (side: string, metric: Metric): string[] => {
    const key = { ...group, side, metric };
    const ratio = figures.ratio(key, { ...key, side: reference });
    return [
      spreadText(figures.spread(key), METRICS[metric].digits),
      ...(isRatioOf(metric) ? [ratioText(ratio)] : []),
    ];
  };
  return [
    ['side', ...head],
    ...sides.map((side) => [side, ...metrics.flatMap((metric) => cells(side, metric))]),
  ];
}

/** `12 (11-15)`, or `-` when nothing was measured. */
export function spreadText(of: Spread | null, digits: number): string {
  if (of === null) return '-';
  const [median, min, max] = [of.median, of.min, of.max].map((value) => value.toFixed(digits));
  return min === max ? `${median}` : `${median} (${min}-${max})`;
}

function ratioText(ratio: Spread | null): string {
  return ratio === null ? '-' : `${ratio.median.toFixed(2)}x`;
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
