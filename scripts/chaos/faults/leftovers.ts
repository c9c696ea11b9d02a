// What a run must not leave behind: processes, ports, folders, and what main holds itself.
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Usage } from '../usage.ts';

/** Processes of this machine that have the run's id in their environment; none where there is no /proc. */
export function processesOf(runId: string): number[] {
  const mark = `UBER_RUN_ID=${runId}`;
  return processIds().filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false; // It has ended, or is somebody else's.
    }
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Those of some URLs at which something still listens. */
export async function stillOpen(urls: readonly string[]): Promise<string[]> {
  const open = await Promise.all(urls.map(isOpen));
  return urls.filter((_, index) => open[index]);
}

function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}

/** What V8 may keep of code and of lists that have grown, in bytes. */
const MORE_HEAP = 10_000_000;

/** One sentence for each count that has grown between two looks at a run of the same services, and for its heap. */
export function judgeUsage(first: Usage, last: Usage): string[] {
  const counts = ['resources', 'threads', 'descriptors', 'listeners'] as const;
  const grown = counts.flatMap((what) =>
    (last[what] ?? 0) > (first[what] ?? 0) ? [`main: ${what} grew from ${first[what]} to ${last[what]}`] : [],
  );
  const more = last.heapUsed - first.heapUsed;
  return more > MORE_HEAP ? [...grown, `main: its heap grew by ${(more / 1e6).toFixed(1)} MB`] : grown;
}
