// Sends all output of a service through the log ring: process.stdout, console, and whatever writes to the descriptors 1
// and 2 (pino writes to the descriptor itself, which in a thread would be the terminal of the whole launcher).
import type { Writable } from 'node:stream';
import type { OutputWriter } from '../log-ring.ts';
import { bytesOf, guardDescriptors, ringStream } from './descriptors.ts';

/** Which of the standard streams are to be redirected; writes to the descriptors always are. */
export interface Streams {
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Replaces the ways to write in this thread. Must run before any code of the service is loaded. */
export function redirectOutput(ring: OutputWriter, { stdout, stderr }: Streams): void {
  if (stdout) redirectStream(process.stdout, 1, ring);
  if (stderr) redirectStream(process.stderr, 2, ring);
  guardDescriptors(ring);
}

type Done = (error?: Error | null) => void;

function redirectStream(stream: NodeJS.WriteStream, fd: 1 | 2, ring: OutputWriter): void {
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
