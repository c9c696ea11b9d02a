// CPU time and memory of a process and all its descendants, from /proc: Linux only.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, in which /proc/<pid>/stat counts: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** True where {@link treeCpuMs} and {@link treePssMb} can be measured. */
export const HAS_PROCESS_USAGE = process.platform === 'linux';

/**
 * User and system CPU time of a process tree so far, in milliseconds, ended children that were waited for included.
 *
 * Two sources, each never above the truth: `stat` knows threads that have ended, but cuts its sums to 10 ms;
 * `task/<tid>/schedstat` counts in nanoseconds, but only threads that live. The greater one is the better: exact
 * while no thread has ended, else at most 20 ms too low.
 */
export function treeCpuMs(root: number): number {
  return sum(
    treePids(root).map(
      (pid) => Math.max(statCpuMs(pid).own, liveThreadsCpuMs(pid)) + statCpuMs(pid).children,
    ),
  );
}

/**
 * Proportional set size of a process tree in MB (10^6 bytes): private memory, and of what is shared with other
 * processes this tree's part. The binary of Node is shared (about 50 MB), so the figure is lower while other
 * processes of the same Node run: compare only what was measured in turn.
 */
export function treePssMb(root: number): number {
  return sum(treePids(root).map(pssKib)) * 1.024e-3;
}

/** CPU time of all children of this process that have ended so far, in milliseconds, in steps of 10. */
export function endedChildrenCpuMs(): number {
  return statCpuMs(process.pid).children;
}

/** A process and all its descendants. */
export function treePids(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statFields(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const visit = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(visit)];
  return visit(root);
}

/** The fields behind the program's name, which may hold blanks: [0] is the state, field 3 of proc(5). */
function statFields(pid: number): string[] | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function statCpuMs(pid: number): { own: number; children: number } {
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = statFields(pid)?.slice(11, 15).map(Number) ?? [];
  return { own: (utime + stime) * TICK_MS, children: (cutime + cstime) * TICK_MS };
}

function liveThreadsCpuMs(pid: number): number {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0; // It has just ended: what it used is with its parent.
  }
  const nanoseconds = threads.map((tid) =>
    Number(readOrNull(`/proc/${pid}/task/${tid}/schedstat`)?.split(' ')[0] ?? 0),
  );
  return sum(nanoseconds) / 1e6;
}

function pssKib(pid: number): number {
  const text = readOrNull(`/proc/${pid}/smaps_rollup`) ?? '';
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
}

/** Null for a process or thread that has ended meanwhile. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
