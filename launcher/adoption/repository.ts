// The packages of a repository: its root, its workspaces, and the folders services usually lie in.
import { globSync, readdirSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { UberError } from '../errors.ts';
import { findPackageProblem, type PackageFile, readPackageFile } from '../package-file.ts';
import { isFile, isFolder, readIfThere } from '../repository/files.ts';

/** What `uber init` looks at. Paths are absolute. */
export interface Repository {
  readonly root: string;
  /** package.json of the root. */
  readonly rootPackage: PackageFile | null;
  /** Folders that may hold a service, with a package.json or without; the root is not among them. */
  readonly folders: readonly string[];
  /** Folder -> its package.json, the root among them. */
  readonly packages: ReadonlyMap<string, PackageFile>;
  /** What is wrong with a package.json of a folder in the root that need not be a service: a template, for one. */
  readonly broken: readonly UberError[];
  /** A path as it is shown and written: relative to the root, with slashes. */
  short(path: string): string;
}

/** Where services and libraries of a repository usually lie. */
const USUAL = ['services', 'apps', 'packages'];

/**
 * Reads a repository.
 * @throws UberError `CONFIG_INVALID` or `CONFIG_UNREADABLE` for a package.json of the root, of a workspace or of a usual
 * place that is broken: what it starts would be missing
 */
export function readRepository(root: string): Repository {
  refuseBroken([root]);
  const rootPackage = readPackageFile(root);
  const patterns = [...(rootPackage?.workspaces ?? []), ...pnpmPatterns(root)];
  const own = [...expand(root, patterns), ...USUAL.flatMap((name) => subfolders(join(root, name)))];
  refuseBroken(own);
  const folders = [
    ...new Set([
      ...own,
      // Many repositories have a folder for each service right in the root.
      ...subfolders(root).filter((folder) => readPackageFile(folder) !== null),
    ]),
  ];
  folders.sort((a, b) => (a < b ? -1 : 1));
  const packages = [root, ...folders].map((folder) => readPackageFile(folder));
  return {
    root,
    rootPackage,
    folders,
    packages: new Map(packages.flatMap((file) => (file === null ? [] : [[file.dir, file] as const]))),
    broken: subfolders(root).flatMap((folder) => findPackageProblem(folder) ?? []),
    short: (path) => relative(root, path).split(sep).join('/') || '.',
  };
}

function refuseBroken(folders: readonly string[]): void {
  for (const folder of folders) {
    const problem = findPackageProblem(folder);
    if (problem === null) continue;
    throw new UberError(problem.code, problem.message, {
      hint: 'Mend this package.json, and run uber init again.',
      cause: problem.cause,
    });
  }
}

/** The package of that name, of that folder, or of a folder so called. */
export function findPackage({ root, packages }: Repository, name: string): PackageFile | null {
  const all = [...packages.values()];
  return (
    all.find((file) => file.name === name) ??
    packages.get(join(root, name)) ??
    all.find(({ dir }) => dir !== root && basename(dir) === name) ??
    null
  );
}

function pnpmPatterns(root: string): string[] {
  const text = readIfThere(join(root, 'pnpm-workspace.yaml'));
  if (text === null) return [];
  try {
    const { packages } = (parse(text) ?? {}) as { packages?: unknown };
    return Array.isArray(packages) ? packages.filter((item) => typeof item === 'string') : [];
  } catch {
    return []; // pnpm itself will say what is wrong with it.
  }
}

function expand(root: string, patterns: readonly string[]): string[] {
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const exclude = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  if (wanted.length === 0) return [];
  return globSync(wanted, { cwd: root, exclude: ['**/node_modules', ...exclude] })
    .map((path) => join(root, path))
    .filter((path) => path !== root && isFolder(path) && isFile(join(path, 'package.json')));
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((entry) => !/^[._]/.test(entry) && entry !== 'node_modules')
      .map((entry) => join(folder, entry))
      .filter(isFolder);
  } catch {
    return []; // No such folder.
  }
}
