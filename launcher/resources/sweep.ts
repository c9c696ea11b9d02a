// What runs that were killed have left: their processes, sockets and folders. Looked for at every start, removed while
// the services start. Two launchers may do it at once: who renames a folder has it.
import { lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { socketFolder } from '../platform.ts';
import { ownMark, processesOfRun } from '../platform-processes.ts';
import { quietly } from '../quietly.ts';
import { type LastWords, readLastWords } from './last-words.ts';
import { type LeftRun, LOGS_FOLDER, listLeftRuns, passageName, SOCKETS_FILE } from './run-registry.ts';

/** A run that has ended without stopping. */
export interface SweptRun {
  readonly runId: string;
  /** In milliseconds since the epoch. */
  readonly startedMs: number;
  readonly pid: number;
  /** Where its folder was. */
  readonly path: string;
  /** What each of its services wrote last. */
  readonly services: readonly LastWords[];
  /** How many of its processes were still there, and were ended. */
  readonly processes: number;
  /** False when something of its folder could not be removed: the next start tries again. */
  readonly isRemoved: boolean;
}

/** A sweep under way. It never fails. */
export interface Sweep {
  /** Resolves when the processes of dead runs have ended: they may hold ports that the services want. */
  readonly processesEnded: Promise<void>;
  /** Resolves when nothing is left to do. */
  readonly done: Promise<void>;
}

interface SweepOptions {
  /** Called with each run that has ended without stopping, after it was removed. */
  readonly onSwept: (run: SweptRun) => void;
  /** True when the control socket of a run answers: it lives, whatever its process looks like. */
  readonly isAnswering: (folder: string) => Promise<boolean>;
}

/**
 * Begins to remove what dead runs have left.
 * @param folder of the runs
 */
export function beginSweep(folder: string, { onSwept, isAnswering }: SweepOptions): Sweep {
  const claimed = claimAll(folder, isAnswering).catch(() => []);
  return {
    processesEnded: claimed.then(() => undefined),
    done: claimed.then(async (runs) => {
      for (const run of runs) await clear(run, onSwept).catch(() => undefined);
    }),
  };
}

/** A folder that is ours to remove now. */
interface Claimed extends LeftRun {
  /** Where it is now. */
  readonly aside: string;
  readonly processes: number;
}

async function claimAll(folder: string, isAnswering: SweepOptions['isAnswering']): Promise<Claimed[]> {
  const left = (await listLeftRuns(folder)).filter(({ kind }) => kind !== 'kept');
  const claimed: Claimed[] = [];
  for (const run of left) {
    if (run.kind === 'died' && (await isAnswering(run.path))) continue;
    const aside = claim(run);
    if (aside !== null) claimed.push({ ...run, aside, processes: await endProcesses(run.runId) });
  }
  return claimed;
}

/** Null when another launcher was faster. */
function claim({ path, runId }: LeftRun): string | null {
  const aside = join(dirname(path), passageName('swept', ownMark(Date.now()), runId));
  try {
    renameSync(path, aside);
    return aside;
  } catch (error) {
    // Windows does not rename a folder that is in use: what can be removed is removed where it is.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : path;
  }
}

/** A process that ends takes a moment, and may have started another meanwhile. */
const MOST_ROUNDS = 50;
const ROUND_MS = 10;

async function endProcesses(runId: string): Promise<number> {
  // Started by a service of that very run, we carry its name ourselves, and so does all that we start.
  if (process.env.UBER_RUN_ID === runId) return 0;
  const ended = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const pids = await processesOfRun(runId);
    if (pids.length === 0) break;
    for (const pid of pids) {
      ended.add(pid);
      quietly(() => process.kill(pid, 'SIGKILL'));
    }
    await delay(ROUND_MS);
  }
  return ended.size;
}

async function clear(run: Claimed, onSwept: (run: SweptRun) => void): Promise<void> {
  const { runId, path, aside, owner, kind, processes } = run;
  const services = kind === 'died' ? readLastWords(join(aside, LOGS_FOLDER)) : [];
  for (const socket of socketsOf(run)) await rm(socket, { force: true }).catch(() => undefined);
  await removeSocketFolder(runId);
  const isRemoved = await rm(aside, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }).then(
    () => true,
    () => false,
  );
  if (kind === 'died' && owner !== null) {
    const { pid, startedMs } = owner;
    onSwept({ runId, startedMs, pid, path, services, processes, isRemoved });
  }
}

/** Where the control socket is when its path in the folder of the run would be too long. */
async function removeSocketFolder(runId: string): Promise<void> {
  const path = socketFolder(runId);
  const stats = quietly(() => lstatSync(path));
  const isOurs = stats?.isDirectory() === true && [undefined, stats.uid].includes(process.getuid?.());
  if (isOurs) await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Those it has written down, and those it was about to. Only sockets: the list is a file that services could write to. */
function socketsOf({ runId, aside }: Claimed): string[] {
  const listed = (quietly(() => readFileSync(join(aside, SOCKETS_FILE), 'utf8')) ?? '').split('\n');
  const named = (quietly(() => readdirSync(tmpdir())) ?? [])
    .filter((name) => name.startsWith(`uber-${runId}-`))
    .map((name) => join(tmpdir(), name));
  return [...listed, ...named].filter((path) => quietly(() => lstatSync(path).isSocket()) === true);
}
