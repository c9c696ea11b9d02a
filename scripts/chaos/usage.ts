// What the launcher's process holds right now.
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What one process holds. Sizes are in bytes; a figure that this system cannot give is null. */
export interface Usage {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  /** Active handles and requests, as Node counts them. */
  readonly resources: number;
  readonly threads: number | null;
  readonly descriptors: number | null;
  /** Listeners on `process` and on its standard streams. */
  readonly listeners: number;
}

/** How often a look is repeated until nothing changes any more, and the time between, in milliseconds. */
const MOST_LOOKS = 50;
const BETWEEN_MS = 20;

/**
 * Collects garbage and looks until the counts are the same three times: what has just ended takes a moment to go.
 * Needs `--expose-gc`.
 */
export async function usageAtRest(): Promise<Usage> {
  let same = 0;
  let last = await look();
  for (let looks = 0; looks < MOST_LOOKS && same < 2; looks += 1) {
    await pause(BETWEEN_MS);
    const next = await look();
    same = countsOf(next) === countsOf(last) ? same + 1 : 0;
    last = next;
  }
  return last;
}

async function look(): Promise<Usage> {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc: npm run chaos does');
  // A second time for what the finalizers of the first have let go of.
  globalThis.gc();
  await pause(0);
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const emitters = [process, process.stdout, process.stderr];
  const listeners = emitters.flatMap((emitter) =>
    emitter.eventNames().map((name) => emitter.listenerCount(name)),
  );
  return {
    heapUsed,
    external,
    rss,
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
    threads: countIn('/proc/self/task'),
    descriptors: countIn('/proc/self/fd'),
    listeners: listeners.reduce((total, count) => total + count, 0),
  };
}

function countsOf({ resources, threads, descriptors, listeners }: Usage): string {
  return [resources, threads, descriptors, listeners].join(' ');
}

/** Null where there is no such folder: elsewhere than on Linux. */
function countIn(folder: string): number | null {
  try {
    return readdirSync(folder).length;
  } catch {
    return null;
  }
}
