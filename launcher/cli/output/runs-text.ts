// Live runs as tables. Pure.
import type { InstanceSnapshot, RunSnapshot } from '../../snapshot.ts';
import { durationText, type Paint, table } from './text.ts';

const HEAD = ['NAME', 'STATE', 'URL', 'PLACEMENT', 'RESTARTS', 'UPTIME'];

/**
 * A line about each run, and its services.
 * @param nowMs in milliseconds since the epoch
 */
export function runsText(runs: readonly RunSnapshot[], nowMs: number, paint: Paint): string {
  return runs.map((run) => runText(run, nowMs, paint)).join('\n\n');
}

function runText({ run, namespace, pid, startedMs, services }: RunSnapshot, nowMs: number, paint: Paint) {
  const about = `Run ${run}, namespace ${namespace}, process ${pid}, up ${durationText(nowMs - startedMs)}`;
  const rows = services.map((service) => rowOf(service, nowMs));
  return `${paint('dim', about)}\n${table([HEAD, ...rows], paint)}`;
}

function rowOf(
  { service, state, sinceMs, placement, incarnation, ready }: InstanceSnapshot,
  nowMs: number,
): string[] {
  return [
    service,
    state,
    ready?.url ?? '-',
    placement,
    String(Math.max(0, incarnation - 1)),
    state === 'ready' ? durationText(nowMs - sinceMs) : '-',
  ];
}
