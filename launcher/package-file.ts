// What the launcher reads of a package.json.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Reads `package.json` of a folder; null when there is none that can be read. */
export function readPackageFile(dir: string): PackageFile | null {
  let json: Record<string, unknown>;
  try {
    json = toRecord(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')));
  } catch {
    return null; // None, or one that npm will complain about.
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

/** The nearest package.json of a folder or of one above it. */
export function nearestPackageFile(folder: string): PackageFile | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = readPackageFile(at);
    if (found !== null || dirname(at) === at) return found;
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
