// Errors nobody caught: they end the service they belong to. One that belongs to none ends the thread.
import type { MessagePort } from 'node:worker_threads';
import type { FromGroup } from '../../protocol.ts';
import { reportFailure } from '../boot.ts';
import { errorData } from '../report.ts';
import { Ended, endScope } from './end.ts';
import { openScopes, runIn, scopeOfError, theThread } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';

let tell: (message: FromGroup) => void = () => undefined;
let exitThread: (code: number) => void = () => undefined;

/** Must run before the end of the process is divided. */
export function prepareCrashes(control: MessagePort): void {
  tell = (message) => control.postMessage(message);
  exitThread = (process as unknown as { reallyExit(code: number): void }).reallyExit.bind(process);
}

/** Takes an error that nobody has caught; always true, because the thread goes on. */
export function takeUncaught(error: unknown, origin: string): boolean {
  if (error instanceof Ended) return true;
  const scope = scopeOfError(error);
  if (scope === null) crashThread(error);
  // What comes behind its end would not have come in a process of its own.
  else if (!scope.isEnded) runIn(scope, () => judge(scope, error, origin));
  return true;
}

/** Takes a rejection; false lets Node make an error of it, which comes to the function above. */
export function takeRejection(reason: unknown, promise: Promise<unknown>): boolean {
  if (reason instanceof Ended) return true;
  const scope = scopeOfError(reason);
  if (scope === null) return false;
  if (scope.isEnded) return true;
  return runIn(scope, () => scope.events.emit('unhandledRejection', reason, promise));
}

/** Ends the thread with all services, for an error that belongs to none of them. */
export function crashThread(error: unknown): void {
  tell({ type: 'crashed', error: errorData(error) });
  try {
    for (const scope of openScopes()) runIn(scope, () => scope.events.emit('exit', 1));
    theThread().events.emit('exit', 1);
  } finally {
    exitThread(1);
  }
}

function judge(scope: SharedScope, error: unknown, origin: string): void {
  const { events, capture } = scope;
  try {
    events.emit('uncaughtExceptionMonitor', error, origin);
    if (capture !== null) {
      capture(error);
      return;
    }
    if (events.emit('uncaughtException', error, origin)) return;
  } catch (second) {
    if (second instanceof Ended) return;
    report(scope, second, false);
    endScope(scope, 7);
    return;
  }
  report(scope, error, origin === 'unhandledRejection');
  endScope(scope, 1);
}

function report(scope: SharedScope, error: unknown, isRejection: boolean): void {
  if (scope.isLoading) reportFailure(scope, 'LOAD_FAILED', error);
  else scope.link.post({ type: 'uncaught', error: errorData(error), isRejection });
}
