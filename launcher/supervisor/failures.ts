// Every message about a service that failed, built in one place.
import { isBuiltin } from 'node:module';
import {
  amended,
  type ErrorCode,
  type ErrorData,
  tooManyFiles,
  UberError,
  type UberErrorDetails,
} from '../errors.ts';
import type { IncarnationExit, MemoryUse } from '../placement/placement.ts';
import { callSite, stackOf } from './stacks.ts';

/** What is known about a service beside its failure. */
export interface FailureContext {
  readonly service: string;
  readonly lastLines: readonly string[];
  /** True until the service has been ready. */
  readonly isStarting: boolean;
}

/** It said itself that it cannot start: an error in loading the module or in `start`, or a second listen. */
export function failedToStart(context: FailureContext, { code, message, stack }: ErrorData): UberError {
  const text = firstLine(message);
  const { service } = context;
  if (code === 'LISTENED_TWICE') {
    return failure('LISTENED_TWICE', message, context, {
      hint: 'Let its second server listen on another port: it gets one of its own.',
      ...stackOf(stack, message),
    });
  }
  if (code === 'START_FAILED') {
    return failure('START_FAILED', `"${service}" failed to start: ${text}`, context, stackOf(stack, message));
  }
  return failure('LOAD_FAILED', `"${service}" could not be loaded: ${text}`, context, {
    ...missingPackage(message),
    ...stackOf(stack, message),
  });
}

/** The runtime refuses to make its thread, for instance for what NODE_OPTIONS says. */
export function cannotBegin(service: string, cause: unknown): UberError {
  const reason = cause instanceof Error ? firstLine(cause.message) : String(cause);
  const message = `"${service}" could not be started: ${reason}`;
  return (
    tooManyFiles(message, { service, cause }) ?? new UberError('START_FAILED', message, { service, cause })
  );
}

/** An error nobody caught ended it. */
export function crashed(
  context: FailureContext,
  { code, message, stack }: ErrorData,
  isRejection = false,
): UberError {
  const name = `"${context.service}"`;
  const when = context.isStarting ? ' while starting' : '';
  const text = firstLine(message);
  const details = stackOf(stack, message);
  if (code === 'RangeError' && message === 'Maximum call stack size exceeded') {
    return failure('STACK_OVERFLOW', `${name} overflowed its call stack${when}.`, context, {
      hint: 'Look for a function that calls itself without an end.',
      ...details,
    });
  }
  if (!isRejection) return failure('CRASHED', `${name} crashed${when}: ${text}`, context, details);
  return failure(
    'UNHANDLED_REJECTION',
    `${name} ended${when}: a promise was rejected and nobody handled it: ${reasonOf(message) ?? text}`,
    context,
    {
      hint: 'Await the promise, or give it a catch.',
      ...(code === NO_ERROR ? {} : details),
    },
  );
}

/** Code of the error that Node makes of a reason that is none. It says nothing of the service but the reason. */
const NO_ERROR = 'ERR_UNHANDLED_REJECTION';

/** The reason as V8 names it, `#<Object>` for an object: Node does not keep it. */
function reasonOf(message: string): string | null {
  const reason = /\.catch\(\)\. The promise rejected with the reason "(.*)"\.$/s.exec(message)?.[1];
  return reason === undefined ? null : firstLine(reason);
}

const MEMORY_HINT = 'Give it more with heapMb in uber.config, or look for what it keeps and never lets go.';

/** Its heap was full. */
export function outOfMemory(context: FailureContext, heapMb: number | null): UberError {
  const limit = heapMb === null ? 'the limit in its NODE_OPTIONS' : `${heapMb} MB`;
  return failure(
    'OUT_OF_MEMORY',
    `"${context.service}" ran out of memory: its heap reached ${limit}.`,
    context,
    { hint: MEMORY_HINT },
  );
}

/** It was ended before its heap was full. */
export function tooMuchMemory(
  context: FailureContext,
  limitMb: number,
  use: MemoryUse,
  isShared = false,
): UberError {
  const [heap, external] = [use.heapBytes, use.externalBytes].map((bytes) => Math.round(bytes / 2 ** 20));
  const who = isShared ? `The shared thread of "${context.service}"` : `"${context.service}"`;
  const text = `${who} ran out of memory: it uses ${heap} MB of heap and ${external} MB of buffers, and its heapMb is ${limitMb}.`;
  return failure('OUT_OF_MEMORY', text, context, { hint: MEMORY_HINT });
}

/** True when its heap was full: told by Node about a thread, by V8's last words about a process. */
export function isOutOfMemory(
  { exitCode, signal, error }: IncarnationExit,
  lastLines: readonly string[],
): boolean {
  if (error !== null) return Reflect.get(error, 'code') === 'ERR_WORKER_OUT_OF_MEMORY';
  const hasAborted = signal === 'SIGABRT' || exitCode === 134;
  return hasAborted && lastLines.some((line) => /^FATAL ERROR: .*heap out of memory/.test(line));
}

/** It called `process.exit`. */
export function calledExit(context: FailureContext, exitCode: number, stack: string): UberError {
  const when = context.isStarting ? ' while starting' : '';
  const place = callSite(stack);
  const where = place === null ? '' : ` at ${place}`;
  return failure(
    'EXITED',
    `"${context.service}" called process.exit(${exitCode})${when}${where}.`,
    context,
    {},
  );
}

/** Its thread or process ended, and nothing it said explains why. */
export function endedByItself(
  context: FailureContext,
  { exitCode, signal, error }: IncarnationExit,
): UberError {
  const { service } = context;
  if (signal !== null)
    return failure('CRASHED', `"${service}" was ended by the signal ${signal}.`, context, {});
  if (error !== null)
    return crashed(context, { code: 'CRASHED', message: error.message, stack: error.stack ?? null });
  if (context.isStarting && exitCode === 0) {
    return failure(
      'NEVER_LISTENED',
      `"${service}" ended without listening: it had nothing more to do and never called listen().`,
      context,
      {
        hint: 'Export an app or a start function, or call listen(). One that is not meant to listen sets ready: "started".',
      },
    );
  }
  return failure('EXITED', `"${service}" ended by itself with exit code ${exitCode}.`, context, {});
}

/** The thread that it shared with others has ended, which may be the fault of any of them. */
export function threadEnded(context: FailureContext, endedWith: string): UberError {
  return failure('THREAD_ENDED', `"${context.service}" has ended: ${firstLine(endedWith)}.`, context, {
    hint: "Give the service at fault a thread of its own: placement: 'thread' in uber.config, or another sharedThread with --isolation shared.",
  });
}

/** It took too long. */
export function notReady(
  context: FailureContext,
  timeoutMs: number,
  { reason, hint, stack }: { reason: string; hint?: string; stack?: string | null },
): UberError {
  const message = `"${context.service}" was not ready after ${timeoutMs} ms: ${reason}.`;
  return failure('NOT_READY', message, context, {
    ...(hint === undefined ? {} : { hint }),
    ...stackOf(stack ?? null, ''),
  });
}

/** Its leased port was taken twice in a row. */
export function portStolen(context: FailureContext, port: number): UberError {
  return failure(
    'PORT_STOLEN',
    `"${context.service}" could not listen: port ${port} was taken by another process.`,
    context,
    {},
  );
}

/** Its leased port is held by somebody else since it was down. The others know it by that port: it is not changed. */
export function portTaken(
  context: FailureContext,
  port: number,
  holder: { readonly pid: number; readonly program: string | null } | null,
): UberError {
  const who = holder === null ? 'another process' : `process ${holder.pid}`;
  const program = holder?.program == null ? '' : ` (${holder.program})`;
  const message = `Port ${port} of "${context.service}" was taken by ${who}${program} while it was down.`;
  return failure('PORT_STOLEN', message, context, {
    hint: `The other services know "${context.service}" by this port. Stop that process.`,
  });
}

/** It has done its work, and is to be there always. */
export function workDone(service: string): UberError {
  return new UberError('EXITED', `"${service}" has ended: it had done its work.`, { service });
}

/** It has ended too often to be started again. */
export function givenUp(error: UberError, ends: number, windowMs: number): UberError {
  const often = `${ends} times in ${Math.round(windowMs / 1000)} s`;
  const end = /[.!?]$/.test(error.message) ? '' : '.';
  return amended(error, { message: `${error.message}${end} It is given up: it has ended ${often}.` });
}

/** An error about a service, with its last lines. */
export function failure(
  code: ErrorCode,
  message: string,
  context: FailureContext,
  details: UberErrorDetails,
): UberError {
  const all = { service: context.service, lastLines: context.lastLines, ...details };
  return tooManyFiles(message, all) ?? new UberError(code, message, all);
}

function missingPackage(message: string): UberErrorDetails {
  const name = /Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'@][^/']*)/.exec(message)?.[1];
  return name === undefined || isBuiltin(name) ? {} : { hint: `Is it installed? npm install ${name}` };
}

/** A message in one line. */
export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
