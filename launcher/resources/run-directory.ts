// The folder of one run: data directories and logs of its services. Two runs never share one. It appears whole, and
// whatever is killed at whatever moment leaves something that is known to be dead.
import { randomBytes } from 'node:crypto';
import { appendFileSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskFull, tooManyFiles, UberError } from '../errors.ts';
import { isSocketFile } from '../platform.ts';
import { ownMark, type ProcessMark } from '../platform-processes.ts';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';
import { quietly } from '../quietly.ts';
import {
  ENDED_FILE,
  LOGS_FOLDER,
  OWNER_FILE,
  passageName,
  runsFolder,
  SOCKETS_FILE,
} from './run-registry.ts';
import { makeStateFolder, stateFolder } from './state-folder.ts';

/** Owned by the run that made it. */
export class RunDirectory {
  /** Unique on this machine; sorts by time. */
  readonly runId: string;
  readonly path: string;
  readonly #mark: ProcessMark;
  /** Files of the run that had to be put elsewhere. */
  readonly #outside = new Set<string>();

  private constructor(runId: string, path: string, mark: ProcessMark) {
    this.runId = runId;
    this.path = path;
    this.#mark = mark;
  }

  /**
   * Makes the folder of a new run.
   * @param root of the project
   * @throws UberError `DATA_DIR_FAILED`, `TOO_MANY_FILES`
   */
  static create(root: string, now: number = Date.now()): RunDirectory {
    const runId = `${now.toString(36)}-${randomBytes(4).toString('hex')}`;
    const folder = runsFolder(stateFolder(root));
    const path = join(folder, runId);
    const mark = ownMark(now);
    const draft = join(folder, passageName('draft', mark, runId));
    try {
      makeStateFolder(root);
      for (const each of [folder, draft, join(draft, LOGS_FOLDER)]) makePrivateFolder(each);
      writePrivateFile(join(draft, OWNER_FILE), `${JSON.stringify(mark)}\n`);
      renameSync(draft, path);
    } catch (cause) {
      quietly(() => rmSync(draft, { recursive: true, force: true }));
      throw cause instanceof UberError ? cause : cannotWrite(path, cause as NodeJS.ErrnoException);
    }
    return new RunDirectory(runId, path, mark);
  }

  /** A service's writable folder. */
  dataDir(service: string): string {
    return join(this.path, service);
  }

  /** Apart from the data directories: no service can be called `_logs`. */
  logPath(service: string): string {
    return join(this.path, LOGS_FOLDER, `${service}.log`);
  }

  /** A socket of a service, which may be elsewhere: it is removed with the folder, by this run or a later one. */
  adoptSocket(path: string): void {
    if (!isSocketFile(path) || path.startsWith(join(this.path, '/')) || this.#outside.has(path)) return;
    this.#outside.add(path);
    // On a full disk it is known to this run only.
    quietly(() => appendFileSync(join(this.path, SOCKETS_FILE), `${path}\n`, { mode: 0o600 }));
  }

  /** The run has ended and the folder stays: no later run removes it. */
  keep(): void {
    quietly(() => writePrivateFile(join(this.path, ENDED_FILE), ''));
  }

  async remove(): Promise<void> {
    // A service may have put something else in its place: that is not ours.
    for (const path of this.#outside) await rm(path, { force: true }).catch(() => undefined);
    // A service's child process may still be writing: a few more tries.
    await rm(this.#setAside(), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  /** For a process that ends now, whose services still write: what stays is removed by a later run. Never throws. */
  removeNow(): void {
    for (const path of this.#outside) quietly(() => rmSync(path, { force: true }));
    quietly(() => rmSync(this.#setAside(), { recursive: true, force: true }));
  }

  /** Half a folder must not look like that of a live run: it gets another name before the first file goes. */
  #setAside(): string {
    const aside = join(dirname(this.path), passageName('ended', this.#mark, this.runId));
    // Windows does not rename a folder that is in use.
    return quietly(() => renameSync(this.path, aside)) === null ? this.path : aside;
  }
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): UberError {
  const folder = dirname(dirname(path));
  const message = `Cannot write to ${path}: ${cause.message}`;
  return (
    tooManyFiles(message, { cause }) ??
    diskFull(message, { cause }) ??
    new UberError('DATA_DIR_FAILED', message, {
      hint: `uber keeps data directories and logs of a run in ${folder}: make it writable.`,
      cause,
    })
  );
}
