// Removes from the build cache what nobody has used for long, and drafts of the dead.
import { rmSync, type Stats, statSync } from 'node:fs';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../private-files.ts';
import { quietly } from '../quietly.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** An entry that no run has used for so long is removed. */
const UNUSED_MS = 30 * DAY_MS;
/** A draft is written in milliseconds: one this old belongs to nobody. */
const DRAFT_MS = 60 * 60 * 1000;
/** Beside the folder; its time is when the cache was last looked through. */
const STAMP = '.pruned';

/**
 * Looks through the cache, at most once a day. Never fails: what cannot be removed stays.
 * @param folder the build cache; it need not exist
 * @param nowMs in milliseconds since the epoch
 */
export async function pruneCache(folder: string, nowMs: number): Promise<void> {
  const stamp = `${folder}${STAMP}`;
  const last = await stat(stamp).catch(() => null);
  if (last !== null && nowMs - last.mtimeMs < DAY_MS) return;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  if (names.length === 0) return;
  try {
    writePrivateFile(stamp, '');
    await utimes(stamp, nowMs / 1000, nowMs / 1000);
  } catch {
    return; // Not writable, or full, or gone.
  }
  for (const name of names) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => null);
    if (stats?.isFile() === true && isUnused(name, stats, nowMs))
      quietly(() => removeUnused(path, name, nowMs));
  }
}

/** Asked again, and removed in the same turn: a service that starts meanwhile may have just touched it. */
function removeUnused(path: string, name: string, nowMs: number): void {
  if (isUnused(name, statSync(path), nowMs)) rmSync(path, { force: true });
}

function isUnused(name: string, { mtimeMs }: Stats, nowMs: number): boolean {
  return nowMs - mtimeMs > (name.endsWith('.tmp') ? DRAFT_MS : UNUSED_MS);
}
