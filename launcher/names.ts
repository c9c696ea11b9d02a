// What a service may be called, and what its name becomes elsewhere.
import type { PlacementChoice, RestartPolicyName } from './types.ts';

/** Where services may live. */
export const PLACEMENT_NAMES: readonly PlacementChoice[] = ['thread', 'shared', 'process', 'auto'];

/** What may happen to a service that has ended on its own. */
export const RESTART_POLICIES: readonly RestartPolicyName[] = ['never', 'on-failure', 'always'];

/** Words of the command line: `uber foo` must mean a service, `uber ps` a verb. */
export const VERBS: readonly string[] = [
  ...[
    'up',
    'down',
    'ps',
    'logs',
    'restart',
    'start',
    'stop',
    'wait',
    'env',
    'run',
    'graph',
    'doctor',
    'init',
  ],
  ...['completion', 'export', 'recordings', 'exec', 'open', 'inspect', 'profile', 'heap'],
];

/** Windows takes these for devices, whatever stands behind a dot ("Naming Files, Paths, and Namespaces", learn.microsoft.com). */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** True for a name that Windows gives to no folder. */
export function isDeviceName(name: string): boolean {
  return WINDOWS_DEVICE.test(name);
}

/** A name is also a folder and part of a file name: this keeps it inside its namespace on every system. */
export function isValidName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) && !name.endsWith('.') && !isDeviceName(name);
}

/** The name in environment variables: upper-cased, all else than letters and digits becomes `_`. */
export function envName(service: string): string {
  return service.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
