// What a service with `permissions` may read and write: what the configuration names, and what no service can do without.
import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { UberError } from '../errors.ts';
import type { PermissionsOptions } from '../options.ts';
import { nearestPackageFile } from '../package-file.ts';
import { packageFile } from '../package-root.ts';
import { covers, realPathOf } from '../paths.ts';
import type { Permissions, ServiceSpec } from '../types.ts';

/** The key `permissions` with absolute paths; null when there is none. */
export function readPermissions(
  options: PermissionsOptions | undefined,
  root: string,
): ServiceSpec['permissions'] {
  if (options === undefined) return null;
  const absolute = (paths: readonly string[] = []): readonly string[] =>
    Object.freeze(paths.map((path) => resolve(root, path)));
  return Object.freeze({
    read: absolute(options.read),
    write: absolute(options.write),
    childProcess: options.childProcess ?? false,
    worker: options.worker ?? false,
    addons: options.addons ?? false,
  });
}

/** What of a run decides what a service cannot do without. */
interface GrantFacts {
  /** Of the project. */
  readonly root: string;
  /** Where its compiled sources are. */
  readonly cache: string;
  /** Of the service. */
  readonly dataDir: string;
  /** All services of the run. */
  readonly specs: readonly ServiceSpec[];
}

/**
 * All that a service may do; null when nothing is refused. Paths are absolute, as they are written and (where links
 * lead elsewhere) as they really are.
 */
export function grantsOf(spec: ServiceSpec, { root, cache, dataDir, specs }: GrantFacts): Permissions | null {
  const { permissions } = spec;
  if (permissions === null) return null;
  const needed = [
    ...sourcesOf(spec, root, specs),
    ...packagesOf(spec, specs),
    spec.resourceDir,
    packageFile('dist'),
    cache,
  ];
  const write = withReal([...permissions.write, dataDir]);
  const read = withReal([...needed, ...permissions.read]);
  return Object.freeze({ ...permissions, read: distinct([...read, ...write]), write: distinct(write) });
}

/**
 * The path itself.
 * @throws UberError `START_FAILED` for a source that a service asks for and may not read
 */
export function assertReadable(path: string, permissions: Permissions | null): string {
  if (permissions === null || covers(permissions.read, realPathOf(path))) return path;
  throw new UberError('START_FAILED', `permissions.read of the service does not name ${path}`);
}

/** Its folder; only the entry itself where that folder is not its own. */
function sourcesOf({ name, entry, dir }: ServiceSpec, root: string, specs: readonly ServiceSpec[]): string[] {
  const isShared =
    dir === root ||
    dir === join(root, 'services') ||
    specs.some((other) => other.name !== name && covers([dir], other.entry));
  return isShared ? [entry] : [dir, entry];
}

/** Every `node_modules` that Node looks into for the service and for the launcher, and what is linked there. */
function packagesOf(spec: ServiceSpec, specs: readonly ServiceSpec[]): string[] {
  const starts = [spec.dir, dirname(spec.entry), packageFile()];
  const folders = [...new Set(starts.flatMap(upwards))].map((folder) => join(folder, 'node_modules'));
  const own = nearestPackageFile(spec.dir);
  const wanted = new Set([...(own?.dependencies ?? []), ...(own?.devDependencies ?? [])]);
  return folders.flatMap((folder) => {
    const links = linksIn(folder);
    // Of the services of a workspace, which are linked too, only those it depends on.
    const others = links.filter(
      ({ name, target }) =>
        wanted.has(name) || !specs.some((other) => other.name !== spec.name && covers([target], other.entry)),
    );
    return links.length === 0 && !exists(folder) ? [] : [folder, ...others.map(({ target }) => target)];
  });
}

interface PackageLink {
  readonly name: string;
  /** The folder it leads to; when that is in another `node_modules`, this folder. */
  readonly target: string;
}

function linksIn(folder: string, scope = ''): PackageLink[] {
  const links = entriesOf(folder).flatMap((entry): PackageLink[] => {
    const path = join(folder, entry.name);
    if (scope === '' && entry.name.startsWith('@') && !entry.isSymbolicLink())
      return linksIn(path, `${entry.name}/`);
    if (!entry.isSymbolicLink()) return [];
    const target = realOrNull(path);
    if (target === null || covers([folder], target)) return [];
    const [outer = target] = target.split(`${sep}node_modules${sep}`);
    const isPackage = outer !== target;
    return [{ name: scope + entry.name, target: isPackage ? join(outer, 'node_modules') : target }];
  });
  return [...new Map(links.map((link) => [link.target, link])).values()];
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Most folders have no packages.
  }
}

function exists(folder: string): boolean {
  return realOrNull(folder) !== null;
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null; // A link that leads nowhere.
  }
}

function upwards(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}

function withReal(paths: readonly string[]): string[] {
  return paths.flatMap((path) => [path, realPathOf(path)]);
}

/** Without those that stand below another. */
function distinct(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)];
  return Object.freeze(all.filter((path) => !all.some((other) => other !== path && covers([other], path))));
}
