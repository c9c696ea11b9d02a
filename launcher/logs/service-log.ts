// The log of one instance: its file, its last lines, and every line handed on.
import type { RingStream } from '../log-ring.ts';
import type { LogLine } from '../types.ts';
import { LineSplitter } from './line-splitter.ts';
import { LogFile } from './log-file.ts';
import { levelOf, parseFields } from './log-level.ts';

/** How many lines are kept for an error message, and how much of each. */
const TAIL_LINES = 20;
const TAIL_CHARACTERS = 2000;

/** Node writes some twenty of these when it runs out of memory, behind the reason: ` 3: 0x1b2c3d node::Abort() [node]`. */
const NATIVE_FRAME = /^ *\d+: 0x[\da-f]+ |^----- Native stack trace -----$/;

interface ServiceLogOptions {
  readonly service: string;
  /** Where the raw output goes, as it was written. */
  readonly path: string;
  readonly onLine: (line: LogLine) => void;
  readonly now: () => number;
  /** The file cannot be written any more; the service goes on without it. Called once. */
  readonly onFileLost?: (error: Error) => void;
}

/** Takes the output of all incarnations of one instance, in order. */
export class ServiceLog {
  readonly #options: ServiceLogOptions;
  readonly #splitters: readonly [LineSplitter, LineSplitter];
  readonly #tail: string[] = [];
  readonly #file: LogFile;

  constructor(options: ServiceLogOptions) {
    this.#options = options;
    this.#file = new LogFile(options.path, (error) => options.onFileLost?.(error));
    this.#splitters = [
      new LineSplitter((text) => this.#takeLine('stdout', text)),
      new LineSplitter((text) => this.#takeLine('stderr', text)),
    ];
  }

  write(stream: RingStream, bytes: Buffer): void {
    this.#file.write(bytes);
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
    this.#file.close();
  }

  #takeLine(stream: LogLine['stream'], text: string): void {
    if (!NATIVE_FRAME.test(text)) this.#tail.push(text.slice(0, TAIL_CHARACTERS));
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    const fields = parseFields(text);
    const { service, now, onLine } = this.#options;
    onLine({ service, stream, timeMs: now(), level: levelOf(text, fields, stream), text, fields });
  }
}
