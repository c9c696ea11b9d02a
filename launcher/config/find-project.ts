// Finds the root of the project and its configuration file.
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UberError } from '../errors.ts';

const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `uber.config.${extension}`);

/** Where a project is. Paths are absolute. */
export interface ProjectPlace {
  readonly root: string;
  /** The configuration file, or null when the project needs none. */
  readonly configPath: string | null;
}

/**
 * Looks from `cwd` upwards: first for a configuration file, then for a `services` folder.
 * @throws UberError `NO_SERVICES` when there is neither, `CONFIG_INVALID` when two files compete
 */
export function findProject(cwd: string): ProjectPlace {
  const folders = upwards(cwd);
  for (const root of folders) {
    const [configPath, second] = CONFIG_NAMES.map((name) => join(root, name)).filter((path) =>
      existsSync(path),
    );
    if (second !== undefined) {
      throw new UberError('CONFIG_INVALID', `Two configuration files: ${configPath} and ${second}.`, {
        hint: 'Keep one of them.',
      });
    }
    if (configPath !== undefined) return { root, configPath };
  }
  const root = folders.find((folder) =>
    statSync(join(folder, 'services'), { throwIfNoEntry: false })?.isDirectory(),
  );
  if (root !== undefined) return { root, configPath: null };
  throw new UberError(
    'NO_SERVICES',
    `No services here: ${cwd} and the folders above it have neither a "services" folder nor an uber.config file.`,
    {
      hint: 'Services that exist already: uber init writes a configuration for them. A new one: services/hello/index.ts',
    },
  );
}

function upwards(cwd: string): string[] {
  const folders = [cwd];
  for (let folder = cwd; dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder));
  return folders;
}
