// Which state of an instance may follow which. Pure.
import { UberError } from '../errors.ts';
import type { InstanceState } from '../types.ts';

/** State -> the states that may come next. */
export const TRANSITIONS: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  idle: ['starting', 'stopped'],
  starting: ['ready', 'backoff', 'failed', 'stopping'],
  ready: ['backoff', 'failed', 'stopping', 'stopped'],
  backoff: ['starting', 'failed', 'stopped'],
  stopping: ['stopped'],
  stopped: ['starting'],
  failed: ['starting'],
};

/** Where an instance is that has ended by itself. */
export type EndState = 'backoff' | 'failed' | 'stopped';

/**
 * Passes when `to` may follow `from`.
 * @throws UberError `INTERNAL`: a mistake of the launcher
 */
export function assertTransition(service: string, from: InstanceState, to: InstanceState): void {
  if (TRANSITIONS[from].includes(to)) return;
  throw new UberError('INTERNAL', `"${service}" cannot go from ${from} to ${to}.`, { service });
}
