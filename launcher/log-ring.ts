// A bounded pipe in shared memory that carries a thread's output to main.
//
// Why not the worker's own stdout: it buffers without bound in the service's heap, and what was not yet read is
// lost when the thread dies. Here a full ring makes the writer wait, as a full pipe does for a process; and what
// a dead thread had written can still be read.
//
// Layout: four 32-bit words (bytes written, bytes read, reader is asleep, spare), then the data. Records are
// [length << 1 | stream][bytes]; both counters grow without end and wrap at 2^32.

const WRITTEN = 0;
const READ = 1;
const ASLEEP = 2;
const HEADER_BYTES = 16;
const RECORD_BYTES = 4;

/** Default size of the data part of a ring, in bytes; a power of two. */
export const LOG_RING_BYTES = 64 * 1024;

/** Stands in the output of a service in the place of what is lost. */
const DAMAGED_LINE = 'uber: the service has damaged the memory of its output: some of it is lost.\n';

/** 0 is stdout, 1 is stderr. */
export type RingStream = 0 | 1;

/** Takes the output of a service. */
export interface OutputWriter {
  write(stream: RingStream, bytes: Uint8Array): void;
}

/** Makes the memory of a ring; `sizeBytes` must be a power of two. */
export function createLogRing(sizeBytes: number = LOG_RING_BYTES): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(HEADER_BYTES + sizeBytes);
  new Int32Array(memory, 0, 4)[ASLEEP] = 1;
  return memory;
}

/** The side of the service's thread. */
export class LogRingWriter implements OutputWriter {
  readonly #words: Int32Array;
  readonly #data: Uint8Array;
  readonly #header = new Uint8Array(RECORD_BYTES);
  readonly #wake: () => void;

  /** @param wake called when the reader sleeps and there is something to read */
  constructor(memory: SharedArrayBuffer, wake: () => void) {
    this.#words = new Int32Array(memory, 0, 4);
    this.#data = new Uint8Array(memory, HEADER_BYTES);
    this.#wake = wake;
  }

  /** Writes all of `bytes`, waiting while the ring is full. */
  write(stream: RingStream, bytes: Uint8Array): void {
    // A record is at most a quarter of the ring, so that writer and reader work at the same time.
    const most = this.#data.length >> 2;
    for (let from = 0; from < bytes.length; from += most) {
      this.#writeRecord(stream, bytes.subarray(from, from + most));
    }
  }

  #writeRecord(stream: RingStream, bytes: Uint8Array): void {
    const needed = RECORD_BYTES + bytes.length;
    const written = Atomics.load(this.#words, WRITTEN);
    for (;;) {
      const read = Atomics.load(this.#words, READ);
      if (this.#data.length - ((written - read) >>> 0) >= needed) break;
      this.#wakeReader();
      Atomics.wait(this.#words, READ, read);
    }
    new DataView(this.#header.buffer).setUint32(0, (bytes.length << 1) | stream);
    this.#copyIn(written >>> 0, this.#header);
    this.#copyIn((written + RECORD_BYTES) >>> 0, bytes);
    Atomics.store(this.#words, WRITTEN, (written + needed) | 0);
    this.#wakeReader();
  }

  #wakeReader(): void {
    if (Atomics.exchange(this.#words, ASLEEP, 0) === 1) this.#wake();
  }

  #copyIn(position: number, bytes: Uint8Array): void {
    const at = position & (this.#data.length - 1);
    const first = Math.min(bytes.length, this.#data.length - at);
    this.#data.set(first === bytes.length ? bytes : bytes.subarray(0, first), at);
    if (first < bytes.length) this.#data.set(bytes.subarray(first), 0);
  }
}

/** The side of main. */
export class LogRingReader {
  readonly #words: Int32Array;
  readonly #data: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, 4);
    this.#data = new Uint8Array(memory, HEADER_BYTES);
  }

  /**
   * Hands every waiting record to `take` (the bytes are a copy) and lets a waiting writer go on.
   * Returns the number of bytes taken; 0 means the ring was empty.
   */
  drain(take: (stream: RingStream, bytes: Buffer) => void): number {
    const written = Atomics.load(this.#words, WRITTEN);
    let read = Atomics.load(this.#words, READ);
    const total = (written - read) >>> 0;
    try {
      while (read !== written) {
        const left = (written - read) >>> 0;
        const isHead = left >= RECORD_BYTES && left <= this.#data.length;
        const record = isHead ? this.#copyOut(read >>> 0, RECORD_BYTES).readUInt32BE(0) : 0;
        const length = record >>> 1;
        if (!isHead || length > left - RECORD_BYTES) {
          // The service can write to this memory as it likes: nothing in it is to be believed.
          read = written;
          take(1, Buffer.from(DAMAGED_LINE));
          break;
        }
        const bytes = this.#copyOut((read + RECORD_BYTES) >>> 0, length);
        read = (read + RECORD_BYTES + length) | 0;
        take((record & 1) as RingStream, bytes);
      }
    } finally {
      // Also when `take` throws: a writer that is never let go on would hang for good.
      if (total > 0) {
        Atomics.store(this.#words, READ, read);
        Atomics.notify(this.#words, READ);
      }
    }
    return total;
  }

  /**
   * Tells the writer to wake us at its next write. Returns false when something was written meanwhile: read on.
   */
  sleep(): boolean {
    Atomics.store(this.#words, ASLEEP, 1);
    return Atomics.load(this.#words, WRITTEN) === Atomics.load(this.#words, READ);
  }

  #copyOut(position: number, length: number): Buffer {
    const at = position & (this.#data.length - 1);
    const bytes = Buffer.allocUnsafe(length);
    const first = Math.min(length, this.#data.length - at);
    bytes.set(this.#data.subarray(at, at + first), 0);
    if (first < length) bytes.set(this.#data.subarray(0, length - first), first);
    return bytes;
  }
}
