// Which file of a folder is the service.
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TYPESCRIPT = ['ts', 'mts', 'cts', 'tsx'];
const JAVASCRIPT = ['js', 'mjs', 'cjs'];
const STEMS = ['index', 'src/index', 'main', 'src/main', 'server', 'src/server', 'app', 'src/app'];

/** Names tried in a folder without a package.json, for messages. */
export const ENTRY_HINT =
  'index, main, server or app (.ts, .js, ...), also under src/, or "main" in package.json';

/** Where a service's code is. */
export interface EntryPlace {
  /** The file that is loaded; symbolic links followed, as Node does for a program. */
  readonly entry: string;
  /** The service's own folder. */
  readonly dir: string;
}

/**
 * The entry of a file or folder, or null when there is none. In a folder TypeScript sources stand before `main` of
 * package.json, which often names a build that is missing or old.
 */
export function findEntry(path: string): EntryPlace | null {
  const stats = statsOf(path);
  if (stats === null) return null;
  if (stats.isFile()) return { entry: realpathSync(path), dir: dirname(path) };
  // Two folders are read faster than sixty names are asked for.
  const names = new Set([...namesIn(path, ''), ...namesIn(join(path, 'src'), 'src/')]);
  const isThere = (name: string): boolean => names.has(name);
  const candidates = [
    ...combine(TYPESCRIPT).filter(isThere),
    ...mainOf(path),
    ...combine(JAVASCRIPT).filter(isThere),
  ];
  const found = candidates.map((name) => join(path, name)).find(isFile);
  return found === undefined ? null : { entry: realpathSync(found), dir: path };
}

/** True for a folder that is there. */
export function isFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}

/** True for a file a folder of services may hold beside folders. */
export function isServiceFile(name: string): boolean {
  return /\.(ts|mts|cts|js|mjs|cjs)$/.test(name) && !/\.(d|test|spec)\.[cm]?[jt]s$/.test(name);
}

function namesIn(folder: string, prefix: string): string[] {
  try {
    return readdirSync(folder).map((name) => prefix + name);
  } catch {
    return []; // Not there, or not to be read.
  }
}

function combine(extensions: readonly string[]): string[] {
  return STEMS.flatMap((stem) => extensions.map((extension) => `${stem}.${extension}`));
}

function mainOf(folder: string): string[] {
  try {
    const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main?: unknown };
    return typeof main === 'string' ? [main, `${main}.js`, `${main}/index.js`] : [];
  } catch {
    return []; // No package.json, or one that Node itself will complain about.
  }
}

function isFile(path: string): boolean {
  return statsOf(path)?.isFile() ?? false;
}

/** Null for what is not there, and for what no file can be called: too long, with a zero byte, below a file. */
function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
