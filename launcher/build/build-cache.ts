// The build cache: files named by the hash of what they were made from. Safe for two runs at once: a file appears
// whole, under a name that says what is in it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';

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
    return existsSync(this.path(name));
  }

  /** The text of an entry, or null when there is none. */
  read(name: string): string | null {
    try {
      return readFileSync(this.path(name), 'utf8');
    } catch {
      return null; // Not there, or not readable: it is made anew.
    }
  }

  /** Writes an entry whole: under another name first, so that nobody ever sees half of it. */
  write(name: string, text: string): void {
    const path = this.path(name);
    const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    makePrivateFolder(dirname(path));
    try {
      writePrivateFile(draft, text);
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      // Windows does not replace a file that somebody reads: then it is there already, and the same.
      if (existsSync(path)) return;
      throw error;
    }
  }
}
