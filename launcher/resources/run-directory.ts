// The folder of one run below `.uber/runs`: data directories and logs of its services. Two runs never share one.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UberError } from '../errors.ts';

/** Owned by the run that made it. */
export class RunDirectory {
  /** Unique on this machine; sorts by time. */
  readonly runId: string;
  readonly path: string;

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
      mkdirSync(join(path, '_logs'), { recursive: true, mode: 0o700 });
      const ignore = join(root, '.uber', '.gitignore');
      if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
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

  async remove(): Promise<void> {
    // A service's child process may still be writing: a few more tries.
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  /** For a process that ends now. */
  removeNow(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
