// The file with the raw output of one service. It does not grow for ever: one old part is kept.
import { closeSync, fchmodSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { diskFull, tooManyFiles, UberError } from '../errors.ts';

/** Size of a part, in bytes. */
const PART_BYTES = 32 * 1024 * 1024;

/** Where the part before the current one is. */
export function oldPart(path: string): string {
  return `${path}.1`;
}

/** Never throws: a full disk must not stop the services, they go on without a log file. */
export class LogFile {
  readonly #path: string;
  readonly #onLost: (error: Error) => void;
  readonly #partBytes: number;
  #file: number | null = null;
  #size = 0;
  #isClosed = false;

  /**
   * The file is made when there is something to write: to make a hundred of them takes longer than anything else at the
   * start of a run.
   * @param onLost called once, when the file cannot be written any more
   */
  constructor(path: string, onLost: (error: Error) => void, partBytes: number = PART_BYTES) {
    this.#path = path;
    this.#onLost = onLost;
    this.#partBytes = partBytes;
  }

  write(bytes: Buffer): void {
    if (this.#isClosed) return;
    try {
      const file = this.#file ?? this.#open();
      if (this.#size > 0 && this.#size + bytes.length > this.#partBytes) this.#turnOver(file);
      this.#writeAll(bytes);
    } catch (error) {
      this.close();
      this.#onLost(error as Error);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    this.#file = openSync(this.#path, 'a', 0o600);
    // Whatever the umask is: the next who opens it for this run must be able to.
    fchmodSync(this.#file, 0o600);
    this.#size = fstatSync(this.#file).size;
    return this.#file;
  }

  #turnOver(file: number): void {
    // Windows does not rename a file that is open.
    this.#file = null;
    closeSync(file);
    renameSync(this.#path, oldPart(this.#path));
    this.#open();
  }

  /** A disk that is nearly full takes a part of it: what it does not take then is an error of the next call. */
  #writeAll(bytes: Buffer): void {
    for (let done = 0; done < bytes.length && this.#file !== null; ) {
      const count = writeSync(this.#file, bytes, done);
      done += count;
      this.#size += count;
    }
  }
}

/** What the event `fault` carries when the log of a service cannot be written any more. */
export function logLost(service: string, cause: Error) {
  const message = `The log of "${service}" is not written any more, and the service goes on: ${cause.message}`;
  const details = { service, cause };
  const error =
    tooManyFiles(message, details) ??
    diskFull(message, details) ??
    new UberError('DATA_DIR_FAILED', message, details);
  return { service, error, restartInMs: null };
}
