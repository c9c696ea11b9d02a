// What every thread of a service in placement `thread` shares: output, working directory and children are those of the
// service, not of the process they live in.
import type { OutputWriter } from '../log-ring.ts';
import { keepChildren } from './children.ts';
import { resolvePathsInScope } from './fs-paths.ts';
import { presentAsProcess } from './process-api.ts';
import { redirectOutput, type Streams } from './stdio.ts';

/** Must run before any code of the service is loaded. */
export function joinServiceThread(
  ring: OutputWriter,
  streams: Streams = { stdout: true, stderr: true },
): void {
  redirectOutput(ring, streams);
  resolvePathsInScope();
  keepChildren(ring);
  presentAsProcess();
}
