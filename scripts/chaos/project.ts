// Projects in temporary folders; mostly with the packages installed here and this repository as `uberservice`.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Leftovers } from '../bench/leftovers.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');

/** The command `uber`, as a file for Node. */
export const UBER_PROGRAM: string = join(REPOSITORY, 'dist', 'cli', 'main.js');

/**
 * Writes a project; its folder is removed at the end.
 * @param files path below the project -> content
 * @returns its folder
 */
export function writeProject(leftovers: Leftovers, files: Readonly<Record<string, string>>): string {
  const root = writeFiles(leftovers, files);
  const packages = join(root, 'node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(packages, name), 'junction');
  }
  symlinkSync(REPOSITORY, join(packages, 'uberservice'), 'junction');
  return root;
}

/** The same with nothing installed. */
export function writeFiles(leftovers: Leftovers, files: Readonly<Record<string, string>>): string {
  const root = leftovers.folder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** What the runs of a project have left behind. */
export function leftRuns(root: string): string[] {
  try {
    return readdirSync(join(root, '.uber', 'runs'));
  } catch {
    return []; // There was none.
  }
}
