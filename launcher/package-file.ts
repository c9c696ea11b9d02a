// What the launcher reads of a package.json.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toUberError, UberError } from './errors.ts';
import { parseJsonFile } from './json-file.ts';

/** One package.json, with everything of a wrong type left out. */
export interface PackageFile {
  /** Absolute folder it stands in. */
  readonly dir: string;
  readonly name: string | null;
  readonly version: string | null;
  readonly type: string | null;
  readonly main: string | null;
  readonly scripts: Readonly<Record<string, string>>;
  /** Name of a command -> its file, relative to the folder. */
  readonly bin: Readonly<Record<string, string>>;
  /** Names of what it needs at run time, optional packages among them. */
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly workspaces: readonly string[];
  /** `engines.node`. */
  readonly nodeRange: string | null;
  /** All of it, for what is asked rarely. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Reads `package.json` of a folder; null when there is none that can be read, see {@link findPackageProblem}. */
export function readPackageFile(dir: string): PackageFile | null {
  let json: Record<string, unknown>;
  try {
    json = toRecord(parseJsonFile(readText(dir), join(dir, 'package.json')));
  } catch {
    return null;
  }
  const name = toText(json.name);
  const bin = typeof json.bin === 'string' ? { [shortName(name ?? '')]: json.bin } : toTexts(json.bin);
  return {
    dir,
    name,
    version: toText(json.version),
    type: toText(json.type),
    main: toText(json.main),
    scripts: toTexts(json.scripts),
    bin,
    dependencies: Object.keys({ ...toRecord(json.dependencies), ...toRecord(json.optionalDependencies) }),
    devDependencies: Object.keys(toRecord(json.devDependencies)),
    workspaces: toList(Array.isArray(json.workspaces) ? json.workspaces : toRecord(json.workspaces).packages),
    nodeRange: toText(toRecord(json.engines).node),
    json,
  };
}

/** What is wrong with `package.json` of a folder, with its place; null when nothing is, or there is none. */
export function findPackageProblem(dir: string): UberError | null {
  const path = join(dir, 'package.json');
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null;
  try {
    parseJsonFile(readText(dir), path);
    return null;
  } catch (cause) {
    if (cause instanceof UberError) return cause;
    return new UberError('CONFIG_UNREADABLE', `Cannot read ${path}: ${toUberError(cause).message}.`, {
      cause,
    });
  }
}

/** npm and Node allow a byte order mark. */
function readText(dir: string): string {
  return readFileSync(join(dir, 'package.json'), 'utf8').replace(/^\uFEFF/, '');
}

/** The nearest package.json of a folder or of one above it. */
export function nearestPackageFile(folder: string): PackageFile | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = readPackageFile(at);
    if (found !== null || dirname(at) === at) return found;
  }
}

/** What is wrong with the package.json that Node takes for a folder: the nearest, broken or not; null when nothing is. */
export function nearestPackageProblem(folder: string): UberError | null {
  for (let at = folder; ; at = dirname(at)) {
    const problem = findPackageProblem(at);
    if (problem !== null || dirname(at) === at || readPackageFile(at) !== null) return problem;
  }
}

/** Finds an installed package as Node does: in `node_modules` of the folder, then of those above it. */
export function findInstalled(name: string, folder: string): PackageFile | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = readPackageFile(join(at, 'node_modules', name));
    if (found !== null || dirname(at) === at) return found;
  }
}

/** `orders` of `@shop/orders`. */
export function shortName(name: string): string {
  return name.split('/').at(-1) ?? name;
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function toTexts(value: unknown): Record<string, string> {
  const entries = Object.entries(toRecord(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function toList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
