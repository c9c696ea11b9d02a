// A command of an installed package -> the file behind it.
import { join } from 'node:path';
import { findInstalled, type PackageFile } from '../package-file.ts';
import { isFile } from '../repository/files.ts';

/**
 * The file of a command, as a path through node_modules; null when no package that is installed has it.
 * @param owner the package whose dependencies are looked through when none is called like the command
 */
export function findPackageBin(command: string, folder: string, owner: PackageFile | null): string | null {
  const names = [command, ...(owner?.dependencies ?? []), ...(owner?.devDependencies ?? [])];
  for (const name of names) {
    const found = findInstalled(name, folder);
    const file = found?.bin[command];
    if (found === null || file === undefined) continue;
    const path = [file, `${file}.js`].map((text) => join(found.dir, text)).find(isFile);
    if (path !== undefined) return path;
  }
  return null;
}
