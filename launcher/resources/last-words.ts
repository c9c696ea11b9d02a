// What the services of a run that has died wrote last, read from their log files.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../quietly.ts';

/** The end of the log of one service. */
export interface LastWords {
  readonly service: string;
  /** Oldest first. */
  readonly lastLines: readonly string[];
}

const MOST_LINES = 5;
const MOST_CHARACTERS = 500;
const TAIL_BYTES = 8192;

/**
 * The last lines of every service, only of those that wrote something.
 * @param folder of the log files
 */
export function readLastWords(folder: string): LastWords[] {
  return (quietly(() => readdirSync(folder)) ?? [])
    .filter((name) => name.endsWith('.log'))
    .sort()
    .flatMap((name) => {
      const lastLines = linesOf(quietly(() => readTail(join(folder, name))) ?? '');
      return lastLines.length === 0 ? [] : [{ service: name.slice(0, -'.log'.length), lastLines }];
    });
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, MOST_CHARACTERS));
}

function readTail(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
