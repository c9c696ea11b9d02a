// The build cache: files named by the hash of what they were made from. Safe for two runs at once: a file appears
// whole, under a name that says what is in it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskFull } from '../errors.ts';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Hash of some texts, for a name in the cache. */
export function hashOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 32);
}

/** A folder of immutable files. */
export class BuildCache {
  readonly #folder: string;

  /** @param folder made when first written to */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Absolute path of an entry, whether it exists or not. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  has(name: string): boolean {
    return this.#use(this.path(name));
  }

  /** The text of an entry, or null when there is none. */
  read(name: string): string | null {
    try {
      const path = this.path(name);
      const text = readFileSync(path, 'utf8');
      this.#use(path);
      return text;
    } catch {
      return null; // Not there, or not readable: it is made anew.
    }
  }

  /**
   * Writes an entry whole: under another name first, so that nobody ever sees half of it.
   * @throws UberError `DATA_DIR_FAILED` on a full disk, and what the system says
   */
  write(name: string, content: string | Uint8Array): void {
    const path = this.path(name);
    const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    makePrivateFolder(dirname(path));
    try {
      writePrivateFile(draft, content);
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      // Windows does not replace a file that somebody reads: then it is there already, and the same.
      if (existsSync(path)) return;
      throw (
        diskFull(`Cannot write to ${this.#folder}: ${(error as Error).message}`, { cause: error }) ?? error
      );
    }
  }

  /** Touches an entry that was not used for a day: those that nobody uses are removed some time. False: there is none. */
  #use(path: string): boolean {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return false;
    const now = Date.now();
    try {
      if (now - stats.mtimeMs > DAY_MS) utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Of another user, or removed this moment: then it is made anew.
      return existsSync(path);
    }
    return true;
  }
}
