// `resources/<name>/`: what a service reads. Committed by the team, only looked at here.
import { stat } from 'node:fs/promises';
import { UberError } from '../errors.ts';
import type { ResourceKind } from './resource-kind.ts';

/** Refuses what cannot be a resource directory before a service stumbles over it. */
export const committedResources: ResourceKind = {
  async prepare({ name, resourceDir }) {
    const stats = await stat(resourceDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null; // A service needs no resources.
      throw new UberError('RESOURCE_INVALID', `Cannot read the resources of "${name}": ${error.message}`, {
        cause: error,
      });
    });
    if (stats === null || stats.isDirectory()) return;
    throw new UberError('RESOURCE_INVALID', `The resources of "${name}" are not a folder: ${resourceDir}`, {
      service: name,
      hint: `Make ${resourceDir} a folder, or remove it.`,
    });
  },
  async dispose() {
    // Nothing was made.
  },
};
