// Statement counts -> line coverage, and its two forms: a table for people and lcov for tools. Pure.
import type { Source } from './places.ts';

/** The lines of one file that hold a statement. */
export interface FileCoverage {
  readonly path: string;
  /** Line -> how often the most run statement that begins there was run. */
  readonly lines: ReadonlyMap<number, number>;
  readonly covered: number;
}

/** How often each statement of a source was run; null for one that stands in no script. */
export type Counts = readonly (number | null)[];

/** Counts lines. A line counts as covered when a statement that begins on it was run. */
export function coverLines(source: Source, path: string, counts: Counts): FileCoverage {
  const lines = new Map<number, number>();
  source.statements.forEach(({ line, inFunction }, index) => {
    const count = counts[index] ?? countOfFunction(source, inFunction, counts);
    lines.set(line, Math.max(lines.get(line) ?? 0, count));
  });
  const covered = [...lines.values()].filter((count) => count > 0).length;
  return { path, lines, covered };
}

/** A statement that the bundler has resolved away (a constant put where it is used) ran if its function did. */
function countOfFunction({ statements }: Source, inFunction: number, counts: Counts): number {
  const others = statements.flatMap((other, index) =>
    other.inFunction === inFunction ? (counts[index] ?? 0) : [],
  );
  return Math.max(0, ...others);
}

/** Percent of lines, 100 for no lines. */
export function percent(files: readonly FileCoverage[]): number {
  const total = files.reduce((sum, { lines }) => sum + lines.size, 0);
  const covered = files.reduce((sum, file) => sum + file.covered, 0);
  return total === 0 ? 100 : (100 * covered) / total;
}

/** A table, the worst file first, with the total below. */
export function formatTable(files: readonly FileCoverage[]): string {
  const rows = files
    .toSorted((a, b) => percent([a]) - percent([b]) || a.path.localeCompare(b.path))
    .map((file) => [
      percent([file]).toFixed(1),
      `${file.covered}/${file.lines.size}`,
      file.path,
      missed(file),
    ]);
  const total = files.reduce((sum, { lines }) => sum + lines.size, 0);
  const covered = files.reduce((sum, file) => sum + file.covered, 0);
  const all = [
    ['%', 'lines', 'file', 'not run'],
    ...rows,
    [percent(files).toFixed(1), `${covered}/${total}`, 'all files', ''],
  ];
  const width = Math.max(...all.map(([, , path = '']) => path.length));
  return all
    .map(([share = '', lines = '', path = '', gaps = '']) =>
      `${share.padStart(5)}  ${lines.padStart(9)}  ${path.padEnd(width)}  ${gaps}`.trimEnd(),
    )
    .join('\n');
}

/** Lines that were not run, neighbours among the counted lines joined: `12, 30-34`. */
function missed({ lines }: FileCoverage): string {
  const groups: [number, number][] = [];
  let isOpen = false;
  for (const [line, count] of [...lines].sort(([a], [b]) => a - b)) {
    const last = groups.at(-1);
    if (count === 0 && isOpen && last !== undefined) last[1] = line;
    else if (count === 0) groups.push([line, line]);
    isOpen = count === 0;
  }
  return groups.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** The format of lcov's geninfo. */
export function formatLcov(files: readonly FileCoverage[]): string {
  const records = files.map(({ path, lines, covered }) => {
    const counts = [...lines].sort(([a], [b]) => a - b).map(([line, count]) => `DA:${line},${count}`);
    return [`SF:${path}`, ...counts, `LF:${lines.size}`, `LH:${covered}`, 'end_of_record'].join('\n');
  });
  return `${records.join('\n')}\n`;
}
