// Cuts a stream of bytes into lines. Pure but for what it keeps of an unfinished line.

/** A longer line is cut: nothing a service writes may grow without bound here. */
export const LONGEST_LINE_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;

/** One stream of one incarnation. */
export class LineSplitter {
  readonly #take: (line: string) => void;
  readonly #longestBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;

  /**
   * @param take called with each line, without its line break
   * @param longestBytes a longer line is cut there
   */
  constructor(take: (line: string) => void, longestBytes: number = LONGEST_LINE_BYTES) {
    this.#take = take;
    this.#longestBytes = longestBytes;
  }

  write(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, at));
      this.end('line');
      from = at + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** Hands out what is left: at a line break even an empty line, at the end of the stream only what there is. */
  end(why: 'line' | 'stream' = 'stream'): void {
    if (why === 'stream' && this.#restBytes === 0) return;
    const line = Buffer.concat(this.#rest, this.#restBytes).toString('utf8');
    this.#rest = [];
    this.#restBytes = 0;
    this.#take(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  #keep(bytes: Buffer): void {
    for (let left = bytes; left.length > 0; ) {
      const part = left.subarray(0, this.#longestBytes - this.#restBytes);
      this.#rest.push(part);
      this.#restBytes += part.length;
      left = left.subarray(part.length);
      if (this.#restBytes === this.#longestBytes) this.end('line');
    }
  }
}
