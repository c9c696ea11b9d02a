// How long the services took to start, from one run to the next: only the order of the next start depends on it.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';
import { quietly } from '../quietly.ts';

/** More services than that are not remembered: those seen last are. */
const MOST = 1000;

/** The file of a project. */
export function bootTimesFile(stateFolder: string): string {
  return join(stateFolder, 'cache', 'boot-times.json');
}

/** Service -> milliseconds; empty when nothing is known. Never throws. */
export function readBootTimes(file: string): Map<string, number> {
  const value: unknown = quietly(() => JSON.parse(readFileSync(file, 'utf8')));
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return new Map(
    entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1]) && entry[1] >= 0),
  );
}

/** Remembers times beside those that are known. Another run may do so too: the last one wins. Never throws. */
export function rememberBootTimes(file: string, times: ReadonlyMap<string, number>): void {
  const all = readBootTimes(file);
  for (const [name, ms] of times) {
    all.delete(name);
    all.set(name, Math.round(ms));
  }
  const draft = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  const isWritten = quietly(() => {
    makePrivateFolder(dirname(file));
    writePrivateFile(draft, `${JSON.stringify(Object.fromEntries([...all].slice(-MOST)))}\n`);
    renameSync(draft, file);
    return true;
  });
  if (isWritten !== true) quietly(() => rmSync(draft, { force: true }));
}
