// What of a stack is worth showing to whoever has written the service.
import { fileURLToPath } from 'node:url';
import type { UberErrorDetails } from '../errors.ts';
import { packageFile } from '../package-root.ts';

/** What of a stack is worth showing below the message: the place of a syntax error, and the service's own frames. */
export function stackOf(stack: string | null, message: string): UberErrorDetails {
  if (stack === null) return {};
  const head = message.split('\n').filter((part) => part !== '');
  const isHead = (line: string): boolean => !/^\s+at /.test(line) && head.some((part) => line.includes(part));
  const lines = withoutLauncherFrames(stack)
    .split('\n')
    .filter((line) => line.trim() !== '' && !isHead(line));
  return lines.length === 0 ? {} : { serviceStack: collapse(lines).join('\n') };
}

/** Frames of the launcher and of Node's own loader say nothing about the service. */
function withoutLauncherFrames(stack: string): string {
  // The second folder is what the first is mapped to when source maps are on for the whole process.
  const folders = [packageFile('dist', 'inside'), packageFile('launcher', 'inside')];
  const isOurs = (line: string): boolean =>
    line.includes('node:internal/') || folders.some((folder) => line.includes(folder));
  return stack
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !isOurs(line))
    .join('\n');
}

/** The first frame that is not the launcher's, as file:line:column. */
export function callSite(stack: string): string | null {
  const frame = withoutLauncherFrames(stack)
    .split('\n')
    .find((line) => /^\s+at /.test(line));
  const place =
    frame === undefined
      ? null
      : /\(?((?:file:|[A-Za-z]:)?[^():]+):(\d+:\d+)\)?$/.exec(frame.replace(/^\s+at (?:async )?/, ''));
  if (place?.[1] === undefined) return null;
  const file = place[1].startsWith('file:') ? fileURLToPath(place[1]) : place[1];
  return `${file}:${place[2]}`;
}

/** Longest circle of functions that call each other which is recognised. */
const LONGEST_CIRCLE = 5;

/** A recursion shows each of its frames once, and how many more there are. */
export function collapse(lines: readonly string[]): string[] {
  const short: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const { length, times } = circleAt(lines, at);
    short.push(...lines.slice(at, at + length));
    if (times > 1) short.push(`    ... the same ${times - 1} more ${times === 2 ? 'time' : 'times'}`);
    at += length * times;
  }
  return short;
}

/** The shortest run of frames that is repeated from here on; one frame, once, where there is none. */
function circleAt(lines: readonly string[], at: number): { length: number; times: number } {
  for (let length = 1; length <= LONGEST_CIRCLE; length += 1) {
    const isSame = (time: number): boolean =>
      at + length * (time + 1) <= lines.length &&
      lines.slice(at, at + length).every((line, index) => line === lines[at + length * time + index]);
    let times = 1;
    while (isSame(times)) times += 1;
    if (times > 1) return { length, times };
  }
  return { length: 1, times: 1 };
}
