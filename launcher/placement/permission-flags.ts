// Permissions of a service as flags of Node's own permission model.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Permissions } from '../types.ts';

/**
 * Flags for a process that may do only this; none without permissions.
 * @param known the flags that this version of Node has: network is restricted only where there is one to allow it
 */
export function permissionFlags(
  permissions: Permissions | null,
  known: ReadonlySet<string> = process.allowedNodeEnvironmentFlags,
): string[] {
  if (permissions === null) return [];
  const { read, write, childProcess, worker, addons } = permissions;
  return [
    '--permission',
    ...read.flatMap((path) => grant('--allow-fs-read', path)),
    ...write.flatMap((path) => grant('--allow-fs-write', path)),
    ...(childProcess ? ['--allow-child-process'] : []),
    ...(worker ? ['--allow-worker'] : []),
    ...(addons ? ['--allow-addons'] : []),
    // Services listen and call each other.
    ...(known.has('--allow-net') ? ['--allow-net'] : []),
  ];
}

/** The path and all below it. Node adds that by itself only for a folder that exists already. */
function grant(flag: string, path: string): string[] {
  return existsSync(path) ? [`${flag}=${path}`] : [`${flag}=${path}`, `${flag}=${join(path, '*')}`];
}
