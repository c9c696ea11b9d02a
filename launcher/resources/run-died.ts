// How a run that has ended without stopping is told by the next one.
import { UberError } from '../errors.ts';
import type { SweptRun } from './sweep.ts';

/** How many lines are told of all services together. */
const MOST_LINES = 20;
const LINES_EACH = 3;

/** What the event `swept` carries. */
export function sweptEvent(swept: SweptRun) {
  const { runId: run, startedMs, pid, processes, isRemoved } = swept;
  return { run, startedMs, pid, processes, isRemoved, error: runDied(swept) };
}

/** The notice about one dead run, with what its services wrote last. */
export function runDied({ startedMs, pid, path, services, processes, isRemoved }: SweptRun): UberError {
  const were = processes === 1 ? 'One of its processes was' : `${processes} of its processes were`;
  const ended = processes === 0 ? '' : ` ${were} still there and had to be ended.`;
  const left = isRemoved ? '' : ` Its folder could not be removed: ${path}.`;
  const lines = services.flatMap(({ service, lastLines }) =>
    lastLines.slice(-LINES_EACH).map((line) => `${service} | ${line}`),
  );
  return new UberError(
    'RUN_DIED',
    `The run of ${localTime(startedMs)} (process ${pid}) ended without stopping: it was killed, or something native crashed it.${ended}${left}`,
    {
      lastLines: lines.slice(0, MOST_LINES),
      hint: "If a service with native code may have crashed it: with placement: 'process' such a crash ends that service only.",
    },
  );
}

/** As `2026-11-21 12:03:11`, in the time zone of the user. */
function localTime(timeMs: number): string {
  const pad = (number: number): string => String(number).padStart(2, '0');
  const at = new Date(timeMs);
  const date = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join('-');
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':')}`;
}
