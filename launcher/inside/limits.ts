// Loads the guard of a service with `permissions`; one without them pays nothing.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { StartMessage } from '../protocol.ts';
import type { PlacementName } from '../types.ts';
import type * as permissions from './permissions.ts';

/** Limits what this thread or process may do; null when nothing is refused. Must run before anything else is replaced. */
export function limitService(start: StartMessage, placement: PlacementName): permissions.Guard | null {
  if (start.permissions === null) return null;
  const require = createRequire(__filename);
  const path = join(__dirname, 'permissions.cjs');
  const { guardService } = require(path) as typeof permissions;
  // The program is not to find it among its own modules.
  Reflect.deleteProperty(require.cache, path);
  return guardService(start, start.permissions, placement);
}
