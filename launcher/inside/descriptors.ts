// The descriptors 0, 1 and 2 belong to all services: what one writes to 1 and 2 is its own output, from 0 there is
// nothing to read, and none of them is ever closed.
import fs from 'node:fs';
import type { OutputWriter, RingStream } from '../log-ring.ts';
import { replaceMethod } from './replace.ts';

/** Names the system has for the standard streams. */
const DEVICES: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ...['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'].map((name) => [name, 0] as const),
  ...['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'].map((name) => [name, 1] as const),
  ...['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2'].map((name) => [name, 2] as const),
]);

/** What a call results in: the first value is what the `Sync` form returns, all are handed to a callback. Null: not ours. */
type Reply = (args: readonly unknown[]) => readonly unknown[] | null;

/** Replaces the functions of `fs` that take a descriptor, or a file that may be one. */
export function guardDescriptors(ring: OutputWriter): void {
  const writeFile: Reply = ([file, data, options]) => {
    const fd = DEVICES.get(file) ?? file;
    if (!isOutput(fd) || !isBytes(data)) return null;
    ring.write(ringStream(fd), bytesOf(data, encodingOf(options) ?? 'utf8'));
    return [];
  };
  const flush: Reply = ([fd]) => (isOutput(fd) ? [] : null); // What was written is already with main.
  const replies: Record<string, Reply> = {
    write: ([fd, data, ...rest]) => {
      if (!isOutput(fd) || !isBytes(data)) return null;
      const bytes = sliceOf(data, rest);
      ring.write(ringStream(fd), bytes);
      return [bytes.length, data];
    },
    writev: ([fd, buffers]) => (isOutput(fd) ? [writeAll(ring, fd, buffers as Bytes[]), buffers] : null),
    writeFile,
    appendFile: writeFile,
    fsync: flush,
    fdatasync: flush,
    open: ([file]) => (DEVICES.has(file) ? [DEVICES.get(file)] : null),
    close: ([fd]) => (fd === 0 || isOutput(fd) ? [] : null),
    read: ([fd, buffer]) => (fd === 0 ? [0, buffer] : null),
    readFile: ([file, options]) => {
      if ((DEVICES.get(file) ?? file) !== 0) return null;
      return [encodingOf(options) === null ? Buffer.alloc(0) : ''];
    },
  };
  for (const [name, reply] of Object.entries(replies)) intercept(name, reply);
}

/**
 * For a process of its own: its streams are sockets, which Linux does not open by name (open(2), ENXIO); where there is
 * a pipe, as behind a shell, it does.
 */
export function openStandardStreamsByName(): void {
  const writeFile: Reply = ([file, data, options]) => {
    const fd = DEVICES.get(file);
    if (!isOutput(fd) || !isBytes(data)) return null;
    fs.writeFileSync(fd, bytesOf(data, encodingOf(options) ?? 'utf8'));
    return [];
  };
  intercept('writeFile', writeFile);
  intercept('appendFile', writeFile);
  intercept('open', ([file]) => (isOutput(DEVICES.get(file)) ? [DEVICES.get(file)] : null));
  // What was opened so is closed so, and the stream itself stays open.
  intercept('close', ([fd]) => (isOutput(fd) ? [] : null));
}

function intercept(name: string, reply: Reply): void {
  replaceMethod(
    fs,
    `${name}Sync`,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const values = reply(args);
        return values === null ? Reflect.apply(original, this, args) : values[0];
      },
  );
  replaceMethod(
    fs,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const done = args.at(-1);
        const isCalledBack = typeof done === 'function';
        // Node itself says that the callback is missing; only `close` needs none.
        const values =
          isCalledBack || name === 'close' ? reply(isCalledBack ? args.slice(0, -1) : args) : null;
        if (values === null) return Reflect.apply(original, this, args);
        if (isCalledBack) setImmediate(done as (...values: unknown[]) => void, null, ...values);
        return undefined;
      },
  );
  if (name === 'open') return; // It gives an object that only Node can make.
  replaceMethod(
    fs.promises,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const values = reply(args);
        return values === null ? Reflect.apply(original, this, args) : Promise.resolve(values[0]);
      },
  );
}

type Bytes = string | NodeJS.ArrayBufferView;

/** Anything else is a mistake, or one of the rare forms, and for Node to judge. */
function isBytes(data: unknown): data is Bytes {
  return typeof data === 'string' || ArrayBuffer.isView(data);
}

function writeAll(ring: OutputWriter, fd: 1 | 2, buffers: readonly Bytes[]): number {
  let total = 0;
  for (const buffer of buffers) {
    const bytes = bytesOf(buffer, 'utf8');
    ring.write(ringStream(fd), bytes);
    total += bytes.length;
  }
  return total;
}

/** Arguments behind the data: `position, encoding` of a string; `offset, length` or an options object of a buffer. */
function sliceOf(data: Bytes, rest: readonly unknown[]): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, (rest[1] as BufferEncoding | null) ?? 'utf8');
  const bytes = bytesOf(data, 'utf8');
  const isObject = typeof rest[0] === 'object' && rest[0] !== null;
  const options = isObject ? (rest[0] as { offset?: number; length?: number }) : {};
  const offset = isObject ? (options.offset ?? 0) : ((rest[0] as number | undefined) ?? 0);
  const length = isObject ? options.length : (rest[1] as number | undefined);
  return bytes.subarray(offset, typeof length === 'number' ? offset + length : undefined);
}

function encodingOf(options: unknown): BufferEncoding | null {
  const encoding =
    typeof options === 'object' && options !== null ? Reflect.get(options, 'encoding') : options;
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : null;
}

/** The bytes of a chunk, without a copy where there are some already. */
export function bytesOf(chunk: Bytes, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function isOutput(fd: unknown): fd is 1 | 2 {
  return fd === 1 || fd === 2;
}

/** Where in the ring a descriptor's output belongs. */
export function ringStream(fd: 1 | 2): RingStream {
  return fd === 1 ? 0 : 1;
}
