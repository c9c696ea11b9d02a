// The log of one instance: its file, its last lines, and every line handed on.
import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs';
import type { RingStream } from '../log-ring.ts';
import type { LogLine } from '../types.ts';
import { LineSplitter } from './line-splitter.ts';
import { levelOf, parseFields } from './log-level.ts';

/** How many lines are kept for an error message, and how much of each. */
const TAIL_LINES = 20;
const TAIL_CHARACTERS = 2000;

interface ServiceLogOptions {
  readonly service: string;
  /** Where the raw output goes, as it was written. */
  readonly path: string;
  readonly onLine: (line: LogLine) => void;
  readonly now: () => number;
}

/** Takes the output of all incarnations of one instance, in order. */
export class ServiceLog {
  readonly #options: ServiceLogOptions;
  readonly #splitters: readonly [LineSplitter, LineSplitter];
  readonly #tail: string[] = [];
  #file: number | null;

  constructor(options: ServiceLogOptions) {
    this.#options = options;
    this.#file = openSync(options.path, 'a', 0o600);
    // Whatever the umask is: the next who opens it for this run must be able to.
    fchmodSync(this.#file, 0o600);
    this.#splitters = [
      new LineSplitter((text) => this.#takeLine('stdout', text)),
      new LineSplitter((text) => this.#takeLine('stderr', text)),
    ];
  }

  write(stream: RingStream, bytes: Buffer): void {
    this.#writeFile(bytes);
    this.#splitters[stream].write(bytes);
  }

  /** The incarnation has ended: an unfinished line is a line. */
  endIncarnation(): void {
    for (const splitter of this.#splitters) splitter.end();
  }

  /** The last lines, oldest first. */
  lastLines(): readonly string[] {
    return [...this.#tail];
  }

  /** Forgets the last lines: the next incarnation speaks for itself. */
  beginIncarnation(): void {
    this.#tail.length = 0;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #writeFile(bytes: Buffer): void {
    if (this.#file === null) return;
    try {
      writeSync(this.#file, bytes);
    } catch {
      this.close(); // A full disk must not stop the services: they go on without a log file.
    }
  }

  #takeLine(stream: LogLine['stream'], text: string): void {
    this.#tail.push(text.slice(0, TAIL_CHARACTERS));
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    const fields = parseFields(text);
    const { service, now, onLine } = this.#options;
    onLine({ service, stream, timeMs: now(), level: levelOf(text, fields, stream), text, fields });
  }
}
