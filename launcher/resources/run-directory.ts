// The folder of one run below `.uber/runs`: data directories and logs of its services. Two runs never share one.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UberError } from '../errors.ts';
import { isSocketFile } from '../platform.ts';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';

/** Who a folder belongs to, written into it: no service can be called `_run.json`. */
interface RunOwner {
  readonly pid: number;
  /** In milliseconds since the epoch. */
  readonly startedMs: number;
}

const OWNER_FILE = '_run.json';

/** The folder of a run whose launcher is gone: it was killed, or asked to keep it. */
export interface StaleRun extends RunOwner {
  readonly runId: string;
  readonly path: string;
}

/**
 * The folders below `.uber/runs` whose launcher has ended, oldest first. A folder that does not say whose it is belongs
 * to a run that is being made, or to no run of ours: it is left alone.
 * @param root of the project
 */
export function listStaleRuns(root: string, isAlive: (pid: number) => boolean = isProcessAlive): StaleRun[] {
  const folder = join(root, '.uber', 'runs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((runId) => {
      const path = join(folder, runId);
      const owner = readOwner(path);
      return owner === null || isAlive(owner.pid) ? [] : [{ runId, path, ...owner }];
    });
}

function readOwner(path: string): RunOwner | null {
  try {
    const { pid, startedMs } = JSON.parse(readFileSync(join(path, OWNER_FILE), 'utf8')) as Partial<RunOwner>;
    const isWhole = Number.isInteger(pid) && typeof startedMs === 'number';
    return isWhole && pid !== undefined ? { pid, startedMs } : null;
  } catch {
    return null; // None, or half of one.
  }
}

/** Signal 0 only asks. "Not allowed" means that there is such a process, of another user. */
function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Owned by the run that made it. */
export class RunDirectory {
  /** Unique on this machine; sorts by time. */
  readonly runId: string;
  readonly path: string;
  /** Files of the run that had to be put elsewhere. */
  readonly #outside = new Set<string>();

  private constructor(runId: string, path: string) {
    this.runId = runId;
    this.path = path;
  }

  /**
   * Makes the folder of a new run.
   * @param root of the project
   * @throws UberError `DATA_DIR_FAILED`
   */
  static create(root: string, now: number = Date.now()): RunDirectory {
    const runId = `${now.toString(36)}-${randomBytes(4).toString('hex')}`;
    const path = join(root, '.uber', 'runs', runId);
    try {
      for (const folder of [join(root, '.uber'), join(root, '.uber', 'runs'), path, join(path, '_logs')])
        makePrivateFolder(folder);
      const owner: RunOwner = { pid: process.pid, startedMs: now };
      writePrivateFile(join(path, OWNER_FILE), `${JSON.stringify(owner)}\n`);
      const ignore = join(root, '.uber', '.gitignore');
      if (!existsSync(ignore)) writePrivateFile(ignore, '*\n');
    } catch (cause) {
      throw new UberError('DATA_DIR_FAILED', `Cannot write to ${path}: ${(cause as Error).message}`, {
        hint: `uber keeps data directories and logs of a run in ${join(root, '.uber')}: make it writable.`,
        cause,
      });
    }
    return new RunDirectory(runId, path);
  }

  /** A service's writable folder. */
  dataDir(service: string): string {
    return join(this.path, service);
  }

  /** Apart from the data directories: no service can be called `_logs`. */
  logPath(service: string): string {
    return join(this.path, '_logs', `${service}.log`);
  }

  /** A socket of a service, which may be elsewhere: it is removed with the folder. */
  adoptSocket(path: string): void {
    if (isSocketFile(path)) this.#outside.add(path);
  }

  async remove(): Promise<void> {
    for (const path of this.#outside) await rm(path, { force: true });
    // A service's child process may still be writing: a few more tries.
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  /** For a process that ends now. */
  removeNow(): void {
    for (const path of this.#outside) rmSync(path, { force: true });
    rmSync(this.path, { recursive: true, force: true });
  }
}
