// Finds the level of a line, whatever wrote it. Pure.
import type { LogLevel, LogLine } from '../types.ts';

/** Numbers of pino and bunyan (both use the same). */
const BY_NUMBER: readonly [number, LogLevel][] = [
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
];

const BY_WORD = new Map<string, LogLevel>(
  Object.entries({
    trace: 'trace',
    silly: 'trace',
    debug: 'debug',
    verbose: 'debug',
    info: 'info',
    notice: 'info',
    log: 'info',
    warn: 'warn',
    warning: 'warn',
    err: 'error',
    error: 'error',
    crit: 'fatal',
    critical: 'fatal',
    fatal: 'fatal',
  }),
);

/** The line parsed if it is a JSON object, else null. */
export function parseFields(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{') || !text.endsWith('}')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null; // A line that only looks like JSON.
  }
}

/** The level a line states; without one, `info` for stdout and `warn` for stderr. */
export function levelOf(text: string, fields: LogLine['fields'], stream: LogLine['stream']): LogLevel {
  const stated = fields === null ? levelOfText(text) : levelOfValue(fields.level ?? fields.severity);
  return stated ?? (stream === 'stdout' ? 'info' : 'warn');
}

function levelOfValue(value: unknown): LogLevel | null {
  if (typeof value === 'string') return BY_WORD.get(value.toLowerCase()) ?? null;
  if (typeof value !== 'number') return null;
  return BY_NUMBER.findLast(([number]) => value >= number)?.[1] ?? 'trace';
}

/** A level word among the first of a line: `ERROR: x`, `[warn] x`, `12:00:01 INFO x`; or the head of a stack. */
function levelOfText(text: string): LogLevel | null {
  const head = text.slice(0, 60);
  const word =
    /(?:^|[\s[(<|])(trace|debug|verbose|info|notice|warn|warning|error|fatal|critical)(?=$|[\s\])>:|])/i.exec(
      head,
    );
  const before = word === null ? '' : head.slice(0, word.index);
  // "could not open: error 5" is prose; a level stands first or behind a date.
  if (word?.[1] !== undefined && /^[\d\s:.,TZ+\-[\]/]*$/.test(before))
    return BY_WORD.get(word[1].toLowerCase()) ?? null;
  return /^(?:Uncaught )?\w*(?:Error|Exception)\b/.test(head) ? 'error' : null;
}
