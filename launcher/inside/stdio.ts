// Sends all output of a service through the log ring: process.stdout, console, and writes to descriptors 1 and 2
// (pino writes to the descriptor itself, which in a thread would be the terminal of the whole launcher).
import fs from 'node:fs';
import type { Writable } from 'node:stream';
import type { LogRingWriter, RingStream } from '../log-ring.ts';

/** Replaces the ways to write in this thread. Must run before any code of the service is loaded. */
export function redirectOutput(ring: LogRingWriter): void {
  redirectStream(process.stdout, 1, ring);
  redirectStream(process.stderr, 2, ring);
  redirectDescriptors(ring);
}

type Done = (error?: Error | null) => void;

function redirectStream(stream: NodeJS.WriteStream, fd: 1 | 2, ring: LogRingWriter): void {
  const to = ringStream(fd);
  const target = stream as unknown as Writable & { fd: number };
  target._write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: Done) => {
    ring.write(to, bytesOf(chunk, encoding));
    done();
  };
  target._writev = (chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[], done: Done) => {
    for (const { chunk, encoding } of chunks) ring.write(to, bytesOf(chunk, encoding));
    done();
  };
  target.fd = fd;
}

/** The functions of `fs` through which bytes reach a descriptor. */
function redirectDescriptors(ring: LogRingWriter): void {
  const { write, writeSync, writev, writevSync, fsync, fsyncSync } = fs;
  const isOutput = (fd: unknown): fd is 1 | 2 => fd === 1 || fd === 2;

  Object.assign(fs, {
    writeSync(fd: number, data: string | NodeJS.ArrayBufferView, ...rest: unknown[]): number {
      if (!isOutput(fd)) return Reflect.apply(writeSync, fs, [fd, data, ...rest]);
      const bytes = sliceOf(data, rest);
      ring.write(ringStream(fd), bytes);
      return bytes.length;
    },
    write(fd: number, data: string | NodeJS.ArrayBufferView, ...rest: unknown[]): void {
      const done = rest.at(-1);
      if (!isOutput(fd) || typeof done !== 'function') {
        Reflect.apply(write, fs, [fd, data, ...rest]);
        return;
      }
      const bytes = sliceOf(data, rest.slice(0, -1));
      ring.write(ringStream(fd), bytes);
      setImmediate(done as (...args: unknown[]) => void, null, bytes.length, data);
    },
    writevSync(fd: number, buffers: NodeJS.ArrayBufferView[], ...rest: unknown[]): number {
      if (!isOutput(fd)) return Reflect.apply(writevSync, fs, [fd, buffers, ...rest]);
      return writeAll(ring, fd, buffers);
    },
    writev(fd: number, buffers: NodeJS.ArrayBufferView[], ...rest: unknown[]): void {
      const done = rest.at(-1);
      if (!isOutput(fd) || typeof done !== 'function') {
        Reflect.apply(writev, fs, [fd, buffers, ...rest]);
        return;
      }
      setImmediate(done as (...args: unknown[]) => void, null, writeAll(ring, fd, buffers), buffers);
    },
    // Nothing to flush: what was written is already with main.
    fsyncSync: (fd: number): void => (isOutput(fd) ? undefined : fsyncSync(fd)),
    fsync: (fd: number, done: fs.NoParamCallback): void => {
      if (isOutput(fd)) setImmediate(done, null);
      else fsync(fd, done);
    },
  });
  keepPromisify(fs.write, write);
  keepPromisify(fs.writev, writev);
}

/** `util.promisify(fs.write)` has a form of its own, kept in symbols of the function. */
function keepPromisify(replacement: object, original: object): void {
  for (const key of Object.getOwnPropertySymbols(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(replacement, key, descriptor);
  }
}

function writeAll(ring: LogRingWriter, fd: 1 | 2, buffers: NodeJS.ArrayBufferView[]): number {
  let total = 0;
  for (const buffer of buffers) {
    const bytes = bytesOf(buffer, 'utf8');
    ring.write(ringStream(fd), bytes);
    total += bytes.length;
  }
  return total;
}

/** Arguments behind the data: `position, encoding` of a string; `offset, length` or an options object of a buffer. */
function sliceOf(data: string | NodeJS.ArrayBufferView, rest: unknown[]): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, (rest[1] as BufferEncoding | null) ?? 'utf8');
  const bytes = bytesOf(data, 'utf8');
  const isObject = typeof rest[0] === 'object' && rest[0] !== null;
  const options = isObject ? (rest[0] as { offset?: number; length?: number }) : {};
  const offset = isObject ? (options.offset ?? 0) : ((rest[0] as number | undefined) ?? 0);
  const length = isObject ? options.length : (rest[1] as number | undefined);
  return bytes.subarray(offset, typeof length === 'number' ? offset + length : undefined);
}

function bytesOf(chunk: string | NodeJS.ArrayBufferView, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function ringStream(fd: 1 | 2): RingStream {
  return fd === 1 ? 0 : 1;
}
