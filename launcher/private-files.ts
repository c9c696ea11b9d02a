// Files and folders of a run are for its user alone, whatever the umask is and whoever has made them before.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Makes a folder (0700) and those above it that are missing. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // The umask takes rights away, and a folder that was there keeps those it had.
  chmodSync(path, 0o700);
}

/** Writes a new file (0600), in the place of one that is there: its rights, or where it links to, do not matter. */
export function writePrivateFile(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
}
