// Text for people: colours and tables. Pure.
import { styleText } from 'node:util';
import type { ServiceSpec } from '../../types.ts';

/** Colours text, or leaves it alone. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** A painter for a stream: colours in a terminal, plain in a pipe or in CI; NO_COLOR and FORCE_COLOR hold. */
export function createPaint(hasColor: boolean): Paint {
  return hasColor
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}

/**
 * Whether to use colours: the flag, then FORCE_COLOR (force-color.org), then NO_COLOR (no-color.org), then the stream.
 * @param flag `--color` or `--no-color`
 */
export function wantsColor(flag: boolean | undefined, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (flag !== undefined) return flag;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isTerminal && !env.CI;
}

/**
 * A time for people, in its two largest units: `41 s`, `3 min 5 s`, `2 h 10 min`, `4 d 1 h`.
 * @param ms in milliseconds; less than none counts as none: clocks are set back
 */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2);
  const texts = shown.filter(([count], index) => index === 0 || count > 0);
  return texts.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** Rows with columns aligned to the left; the first row is the head. */
export function table(rows: readonly (readonly string[])[], paint: Paint): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => (index === 0 ? paint('bold', line) : line)).join('\n');
}

/** Where a service lives, and in which shared thread, when it is another than the one for all: `shared (left)`. */
export function placementText({ placement, sharedThread }: ServiceSpec): string {
  return placement === 'shared' && sharedThread !== 'shared' ? `shared (${sharedThread})` : placement;
}
