// Files and folders of a run are for its user alone, whatever the umask is and whoever has made them before.
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder (0700) and those above it that are missing. One that is a link keeps the rights of what it leads to: it
 * is not ours.
 */
export function makePrivateFolder(path: string): void {
  if (!existsSync(path)) {
    // One by one: below a folder without rights, which some umask makes, none could be made.
    if (!existsSync(dirname(path))) makePrivateFolder(dirname(path));
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const stats = lstatSync(path);
  // The umask takes rights away, and a folder that was there keeps those it had.
  if (stats.isDirectory() && (stats.mode & 0o777) !== 0o700 && isMine(stats)) chmodSync(path, 0o700);
}

function isMine({ uid }: Stats): boolean {
  const own = process.getuid?.();
  return own === undefined || own === uid;
}

/** Writes a new file (0600), in the place of one that is there: its rights, or where it links to, do not matter. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  rmSync(path, { force: true });
  writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
}
