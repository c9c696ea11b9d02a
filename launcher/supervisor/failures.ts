// Every message about a service that failed, built in one place.
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, type ErrorData, tooManyFiles, UberError, type UberErrorDetails } from '../errors.ts';
import { packageFile } from '../package-root.ts';
import type { IncarnationExit } from '../placement/placement.ts';

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
export function crashed(context: FailureContext, { message, stack }: ErrorData): UberError {
  const when = context.isStarting ? ' while starting' : '';
  return failure(
    'CRASHED',
    `"${context.service}" crashed${when}: ${firstLine(message)}`,
    context,
    stackOf(stack, message),
  );
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

/** It took too long. */
export function notReady(
  context: FailureContext,
  timeoutMs: number,
  { reason, hint }: { reason: string; hint?: string },
): UberError {
  const message = `"${context.service}" was not ready after ${timeoutMs} ms: ${reason}.`;
  return failure('NOT_READY', message, context, hint === undefined ? {} : { hint });
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

function failure(
  code: ErrorCode,
  message: string,
  context: FailureContext,
  details: UberErrorDetails,
): UberError {
  const all = { service: context.service, lastLines: context.lastLines, ...details };
  return tooManyFiles(message, all) ?? new UberError(code, message, all);
}

/** What of a stack is worth showing below the message: the place of a syntax error, and the service's own frames. */
function stackOf(stack: string | null, message: string): UberErrorDetails {
  if (stack === null) return {};
  const head = message.split('\n').filter((part) => part !== '');
  const isHead = (line: string): boolean => !/^\s+at /.test(line) && head.some((part) => line.includes(part));
  const lines = withoutLauncherFrames(stack)
    .split('\n')
    .filter((line) => line.trim() !== '' && !isHead(line));
  return lines.length === 0 ? {} : { serviceStack: lines.join('\n') };
}

/** Frames of the launcher and of Node's own loader say nothing about the service. */
function withoutLauncherFrames(stack: string): string {
  // The second folder is what the first is mapped to when source maps are on for the whole process.
  const folders = [packageFile('dist', 'inside'), packageFile('launcher', 'inside')];
  const isOurs = (line: string): boolean =>
    line.includes('node:internal/') || folders.some((folder) => line.includes(folder));
  return stack
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !isOurs(line))
    .join('\n');
}

/** The first frame that is not the launcher's, as file:line:column. */
function callSite(stack: string): string | null {
  const frame = withoutLauncherFrames(stack)
    .split('\n')
    .find((line) => /^\s+at /.test(line));
  const place =
    frame === undefined
      ? null
      : /\(?((?:file:|[A-Za-z]:)?[^():]+):(\d+:\d+)\)?$/.exec(frame.replace(/^\s+at (?:async )?/, ''));
  if (place?.[1] === undefined) return null;
  const file = place[1].startsWith('file:') ? fileURLToPath(place[1]) : place[1];
  return `${file}:${place[2]}`;
}

function missingPackage(message: string): UberErrorDetails {
  const name = /Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'@][^/']*)/.exec(message)?.[1];
  return name === undefined || isBuiltin(name) ? {} : { hint: `Is it installed? npm install ${name}` };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
