// The folders below `runs`: what their names and their owner files say, and which of them belong to nobody any more.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isSurelyDead, markText, type ProcessMark, parseMarkText } from '../platform-processes.ts';
import { quietly } from '../quietly.ts';

/** Written into the folder of a run: no service can be called that. */
export const OWNER_FILE = '_run.json';
/** In the folder of a run that has ended and was asked to keep it. */
export const ENDED_FILE = '_ended';
/** Sockets that had to be put elsewhere, a path a line. */
export const SOCKETS_FILE = '_sockets';
/** The folder with the output of the services. */
export const LOGS_FOLDER = '_logs';

/** What a folder is while it is not, or no longer, that of a run. */
type Passage =
  | 'draft' // being made
  | 'ended' // being removed by its own run
  | 'swept'; // being removed by a later run

/** A folder of a run that is over. */
export interface LeftRun {
  readonly runId: string;
  readonly path: string;
  /** Null when the folder does not say. */
  readonly owner: Pick<ProcessMark, 'pid' | 'startedMs'> | null;
  /** `died`: its launcher is gone. `kept`: by `--keep`. `remains`: of a run that was not yet, or nearly gone. */
  readonly kind: 'died' | 'kept' | 'remains';
}

/** Where the runs of a project are. */
export function runsFolder(stateFolder: string): string {
  return join(stateFolder, 'runs');
}

/**
 * The folders of runs that may live, oldest first.
 * @param folder of {@link runsFolder}
 */
export function listRunFolders(folder: string): string[] {
  const names = quietly(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name));
}

/** The name of a folder on its way: it tells who is at it, so that it is known when nobody is any more. */
export function passageName(passage: Passage, mark: ProcessMark, runId: string): string {
  return `.${passage}-${markText(mark)}-${runId}`;
}

/**
 * The folders of runs that are over, oldest first. What may belong to a live run is not among them.
 * @param folder of {@link runsFolder}
 */
export async function listLeftRuns(
  folder: string,
  isDead: (mark: ProcessMark) => Promise<boolean> = isSurelyDead,
): Promise<LeftRun[]> {
  const names = quietly(() => readdirSync(folder)) ?? [];
  const left: LeftRun[] = [];
  for (const name of names.sort()) {
    const run = await judge(join(folder, name), name, isDead);
    if (run !== null) left.push(run);
  }
  return left;
}

async function judge(
  path: string,
  name: string,
  isDead: (mark: ProcessMark) => Promise<boolean>,
): Promise<LeftRun | null> {
  const [, passage, text = '', runId = ''] = PASSAGE.exec(name) ?? [];
  const owner = readOwner(path);
  if (passage !== undefined) {
    const mark = parseMarkText(text);
    if (mark === null || !(await isDead(mark))) return null;
    return { runId, path, owner, kind: passage === 'swept' && owner !== null ? 'died' : 'remains' };
  }
  if (owner === null) return isFromBeforeBoot(name) ? { runId: name, path, owner, kind: 'remains' } : null;
  if (existsSync(join(path, ENDED_FILE))) return { runId: name, path, owner, kind: 'kept' };
  return (await isDead(owner)) ? { runId: name, path, owner, kind: 'died' } : null;
}

const PASSAGE = /^\.(draft|ended|swept)-(\d+(?:-[0-9a-z]+){5})-(.+)$/;

function readOwner(path: string): ProcessMark | null {
  return quietly(() => {
    const mark = JSON.parse(readFileSync(join(path, OWNER_FILE), 'utf8')) as Partial<ProcessMark>;
    const { pid, startedMs, host, linux = null } = mark;
    const isWhole = Number.isInteger(pid) && typeof startedMs === 'number' && typeof host === 'string';
    return isWhole && pid !== undefined ? { pid, startedMs, host, linux } : null;
  });
}

/**
 * A folder appears with its owner file. One without it is not ours, or the machine has lost its power before the file
 * was on the disk: then the time in its name is before the start of the machine.
 */
function isFromBeforeBoot(runId: string): boolean {
  const [, time] = /^([0-9a-z]{8})-[0-9a-f]{8}$/.exec(runId) ?? [];
  const MINUTE_MS = 60_000;
  return time !== undefined && Number.parseInt(time, 36) + MINUTE_MS < Date.now() - uptime() * 1000;
}
