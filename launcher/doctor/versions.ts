// Versions: of Node against what packages ask for, and of one dependency in several services.
import { findInstalled, type PackageFile } from '../package-file.ts';

/** A dependency that services have in different versions. */
export interface SplitDependency {
  readonly name: string;
  /** Version -> the services that have it. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** The direct dependencies that are installed in more than one version. */
export function findSplitDependencies(owners: ReadonlyMap<string, PackageFile>): SplitDependency[] {
  const all = new Map<string, Map<string, string[]>>();
  for (const [service, file] of owners) {
    for (const name of file.dependencies) {
      const version = findInstalled(name, file.dir)?.version;
      if (version == null) continue;
      const versions = all.get(name) ?? new Map<string, string[]>();
      versions.set(version, [...(versions.get(version) ?? []), service]);
      all.set(name, versions);
    }
  }
  return [...all]
    .filter(([, versions]) => versions.size > 1)
    .map(([name, versions]) => ({ name, versions }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Whether a version of Node is below what a range asks for. Only `>=x`, `>=x.y` and `>=x.y.z` are read: for any other
 * range the answer is no.
 */
export function isNodeTooOld(range: string, version: string): boolean {
  const match = /^>=\s*v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?$/.exec(range.trim());
  if (match === null) return false;
  const wanted = match.slice(1).map((part) => Number(part) || 0);
  const have = version.replace(/^v/, '').split('.').map(Number);
  const differs = wanted.findIndex((part, index) => part !== have[index]);
  return differs !== -1 && (wanted[differs] ?? 0) > (have[differs] ?? 0);
}
