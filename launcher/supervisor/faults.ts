// Every message about a service that does harm while it lives: it blocks, floods, or does not stop as it should.
import type { ErrorData, UberError } from '../errors.ts';
import type { Incarnation, Sighting } from '../placement/placement.ts';
import type { FromInside } from '../protocol.ts';
import { within } from '../within.ts';
import { type FailureContext, failure, firstLine } from './failures.ts';
import { callSite, stackOf } from './stacks.ts';

/** How long a service that has not ended may take to say what is still open, in milliseconds. */
const OPEN_MS = 1000;
const BYTES_PER_MB = 1024 * 1024;

/** Its event loop does not turn; it is left alone for now. */
export function blocked(context: FailureContext, blockedMs: number, sighting: Sighting): UberError {
  const who =
    sighting.isOfThread === true ? `The thread that "${context.service}" shares` : `"${context.service}"`;
  const text = `${who} has blocked its event loop for ${seconds(blockedMs)} ${whereBlocked(sighting)}.`;
  return failure('BLOCKED', text, context, {
    hint: 'It answers nobody meanwhile. Cut the work into parts, or give it a worker thread.',
    ...stackOf(sighting.stack, ''),
  });
}

/** Its event loop did not turn for too long, and it is ended. */
export function blockedTooLong(context: FailureContext, blockedMs: number, sighting: Sighting): UberError {
  const text = `"${context.service}" was ended: its event loop was blocked for ${seconds(blockedMs)} ${whereBlocked(sighting)}.`;
  return failure('BLOCKED', text, context, {
    hint: 'If it needs that long, raise blockedMs in uber.config, or set it to false.',
    ...stackOf(sighting.stack, ''),
  });
}

const HIDDEN_BY: Readonly<Record<'native' | 'memory' | 'process' | 'debugger', string>> = {
  native: 'in native code or a wait that cannot be interrupted',
  memory: 'and its heap fills up, so that it cannot be looked at',
  process: 'at a place that cannot be seen in a process of its own',
  debugger: 'at a place that cannot be seen beside a debugger',
};

/** `at /work/foo/index.ts:3:5`, or what is known instead. */
export function whereBlocked(sighting: Sighting): string {
  if (sighting.stack === null)
    return sighting.hiddenBy === 'other'
      ? `by "${sighting.service}", with which it shares its thread`
      : HIDDEN_BY[sighting.hiddenBy];
  const place = callSite(sighting.stack);
  return place === null ? HIDDEN_BY.native : `at ${place}`;
}

/** Its stop hook has thrown or rejected. */
export function stopFailed(context: FailureContext, { message, stack }: ErrorData): UberError {
  const text = `"${context.service}" failed to stop cleanly: ${firstLine(message)}`;
  return failure('STOP_FAILED', text, context, stackOf(stack, message));
}

/** It cleans up at its stop, but not everything. */
export function leftOpen(context: FailureContext, open: readonly string[]): UberError {
  const text = `"${context.service}" left something open when its stop had settled: ${open.join(', ')}.`;
  return failure('LEFT_OPEN', text, context, {
    hint: 'Close it in the stop of the service: elsewhere it would keep the process alive.',
  });
}

/** What it takes for its own is that of another service of its thread as well. */
export function sharedSingleton(
  context: FailureContext,
  { what, other, advice }: FromInside & { type: 'singleton' },
): UberError {
  const text = `"${context.service}" and "${other}" share a thread, and with it ${what}.`;
  return failure('SHARED_SINGLETON', text, context, {
    hint: `${advice}, or give one of them a thread of its own: placement: 'thread' in uber.config, or another sharedThread with --isolation shared.`,
  });
}

/** It writes too much. */
export function logFlood(context: FailureContext, bytesPerSecond: number): UberError {
  const speed = Math.round(bytesPerSecond / BYTES_PER_MB);
  const text = `"${context.service}" writes ${speed} MB of output a second; it is slowed down to 4 MB a second.`;
  return failure('LOG_FLOOD', text, context, { hint: 'Raise its log level, or look for a loop that logs.' });
}

/** Says why a service is still there at the end of its grace. It is asked, and looked at when it does not answer. */
export async function stopIgnored(
  context: FailureContext,
  incarnation: Incarnation,
  graceMs: number,
): Promise<UberError> {
  const { service } = context;
  const sign = await within(incarnation.ping(true), OPEN_MS);
  if (sign === null) {
    const sighting = await incarnation.lookInside();
    const text = `"${service}" had not ended ${graceMs} ms after it was asked to, and was ended. Its event loop was blocked ${whereBlocked(sighting)}.`;
    return failure('STOP_IGNORED', text, context, stackOf(sighting.stack, ''));
  }
  if (sign.stopStep === 'hook') {
    const text = `"${service}" was ended: its stop has not settled after ${graceMs} ms.`;
    return failure('STOP_FAILED', text, context, { hint: 'Look for a promise in it that never settles.' });
  }
  const open = (sign.open ?? []).join(', ');
  const rest = open === '' ? '' : ` Still open: ${open}.`;
  const text = `"${service}" had not ended ${graceMs} ms after it was asked to, and was ended.${rest}`;
  const hint =
    sign.stopStep === 'signal'
      ? 'Its signal handler must close what is open, or call process.exit.'
      : 'It waits for requests that are still answered. stopGraceMs in uber.config gives it more time.';
  return failure('STOP_IGNORED', text, context, { hint });
}

/** Its thread is in native code, or in a system call, which nothing can interrupt. */
export function cannotBeEnded(context: FailureContext): UberError {
  const text = `"${context.service}" cannot be ended: its thread waits in native code or a system call.`;
  return failure('STOP_IGNORED', text, context, {
    hint: "Give it a process of its own, which can always be ended: placement: 'process' in uber.config.",
  });
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
