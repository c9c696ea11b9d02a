// Which service must load first, so that all are ready soonest. Pure.
import type { ServiceSpec } from '../types.ts';

/** For a service that nobody has seen starting, when no other was seen either. Only the ratio of two counts. */
const USUAL_MS = 100;

/**
 * How long it takes from the beginning of each service until all that wait for it are ready, along the longest way: its
 * own start, then that of the slowest chain of dependents.
 * @param specs in start order
 * @param bootMs how long their last starts took, in milliseconds, of those that are known
 * @returns service -> milliseconds; the highest is the most urgent
 */
export function urgencies(
  specs: readonly Pick<ServiceSpec, 'name' | 'dependsOn'>[],
  bootMs: ReadonlyMap<string, number>,
): Map<string, number> {
  const known = specs.flatMap(({ name }) => bootMs.get(name) ?? []).sort((a, b) => a - b);
  const usualMs = known[known.length >> 1] ?? USUAL_MS;
  const behind = new Map<string, number>();
  const urgency = new Map<string, number>();
  for (const { name, dependsOn } of specs.toReversed()) {
    const ms = (bootMs.get(name) ?? usualMs) + (behind.get(name) ?? 0);
    urgency.set(name, ms);
    for (const each of dependsOn) behind.set(each, Math.max(behind.get(each) ?? 0, ms));
  }
  return urgency;
}
