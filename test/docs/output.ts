// Compares what a page says a command writes with what it wrote. Pure.

/** Where the project of every page is said to be. */
const DOCUMENTED_ROOT = '/home/you/shop';

/** Documented port -> real port. */
export type PortMap = ReadonlyMap<string, string>;

/** What differs from run to run: how it stands in a page, and what it may be instead. */
const VOLATILE: readonly [found: RegExp, accepted: string][] = [
  [/127\.0\.0\.1:(\d+)/, '127\\.0\\.0\\.1:(\\d+)'],
  [/->:\d+/, '->:\\d+'],
  [/"(?:port|pid|threadId|bootMs|time)":\d+/, '"<key>":\\d+'],
  [/\b\d+ (?:ms|s)\b/, '\\d+ (?:ms|s)'],
  [/\bprocess \d+\b/, 'process \\d+'],
  [/\b[0-9a-z]{8}-[0-9a-f]{8}\b/, '[0-9a-z]{8}-[0-9a-f]{8}'],
  [/\[\d\d:\d\d:\d\d\.\d{3}\]/, '\\[\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\]'],
];

/** How the output is compared. */
interface Comparison {
  readonly documented: string;
  readonly actual: string;
  /** Where the project really is. */
  readonly root: string;
  /** Blanks outside of texts do not count: JSON may be broken into lines. */
  readonly isJson: boolean;
}

/** The real ports of the documented ones, or null when the output is not what the page says. */
export function matchOutput({ documented, actual, root, isJson }: Comparison): PortMap | null {
  const shape = isJson ? withoutBlanks : trimLines;
  const expected = shape(documented);
  const match = new RegExp(`^${patternOf(expected, root, isJson)}$`).exec(shape(actual));
  if (match === null) return null;
  const ports = [...expected.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port = '']) => port);
  const pairs = ports.map((port, index) => [port, match[index + 1] ?? ''] as const);
  const known = new Map(pairs);
  return pairs.every(([port, real]) => known.get(port) === real) ? known : null;
}

/** A command with the real ports in place of the documented ones. */
export function withRealPorts(command: string, ports: PortMap): string {
  return command.replace(/127\.0\.0\.1:(\d+)/g, (text, port: string) => {
    const real = ports.get(port);
    return real === undefined ? text : `127.0.0.1:${real}`;
  });
}

function patternOf(expected: string, root: string, isJson: boolean): string {
  // A line of three dots stands for any lines; in JSON three dots stand for any text.
  const gap = isJson ? /\.\.\./ : /^\.\.\.\n/m;
  const special = new RegExp(
    [gap, / {2,}/, /\/home\/you\/shop/, ...VOLATILE.map(([found]) => found)]
      .map((part) => `(?:${part.source})`)
      .join('|'),
    'gm',
  );
  let pattern = '';
  let from = 0;
  for (const { 0: text, index } of expected.matchAll(special)) {
    pattern += literally(expected.slice(from, index)) + acceptedFor(text, root);
    from = index + text.length;
  }
  return pattern + literally(expected.slice(from));
}

function acceptedFor(text: string, root: string): string {
  if (text.startsWith('...')) return '[^]*?';
  if (text.trim() === '') return ' {2,}';
  if (text === DOCUMENTED_ROOT) return literally(root);
  const [, accepted = ''] = VOLATILE.find(([found]) => found.test(text)) ?? [];
  return accepted.replace('<key>', /"(\w+)"/.exec(text)?.[1] ?? '');
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function trimLines(text: string): string {
  return `${text.replace(/[ \t]+$/gm, '').trim()}\n`;
}

function withoutBlanks(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
