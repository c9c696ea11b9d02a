// Makes a thread look like a process of its own to the program in it.
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import workerThreads from 'node:worker_threads';
import { replaceMethod } from './replace.ts';
import { stackHere } from './report.ts';
import { currentScope } from './scope.ts';

/** What Node refuses in a thread; `umask` only when it is to be changed. */
const OF_THE_PROCESS = [
  'chdir',
  'umask',
  'initgroups',
  'setegid',
  'seteuid',
  'setgid',
  'setgroups',
  'setuid',
];

/** For every thread of a service: what belongs to the whole process is the service's own, or is refused. */
export function presentAsProcess(): void {
  replaceMethod(process, 'cwd', () => () => currentScope().start.cwd);
  for (const name of OF_THE_PROCESS) refuse(name);
}

/** For the thread a service begins in: it is the main thread, as far as the program can tell. */
export function presentAsMainThread(): void {
  keepSignals();
  // A program that asks "am I the main thread?" starts its server only when it is.
  Object.assign(workerThreads, {
    isMainThread: true,
    parentPort: null,
    workerData: null,
    threadId: 0,
    resourceLimits: {},
  });
  if ('threadName' in workerThreads) Object.assign(workerThreads, { threadName: '' });
}

function refuse(name: string): void {
  replaceMethod(
    process,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        if (name === 'umask' && args[0] === undefined) return Reflect.apply(original, this, args);
        const message =
          `process.${name}() is not possible in a thread: it would change all services of the process. ` +
          `Give "${currentScope().start.service}" a process of its own: placement: 'process' in uber.config.`;
        throw Object.assign(new TypeError(message), { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
      },
  );
}

/** `process.exit` ends the service only; main is told who called it. */
export function reportExit(): void {
  replaceMethod(
    process,
    'exit',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const exitCode = Number(args[0] ?? process.exitCode ?? 0);
        currentScope().link.post({ type: 'exit', exitCode, stack: stackHere('process.exit') });
        // No argument and `undefined` differ: the second would clear process.exitCode.
        return Reflect.apply(original, process, args);
      },
  );
}

/**
 * A program that has cleaned up in its signal handler often sends itself the signal again. That must end the thread,
 * as it would end a process, and not the launcher with all other services.
 */
function keepSignals(): void {
  replaceMethod(
    process,
    'kill',
    (original) =>
      function kill(this: unknown, ...args: unknown[]): unknown {
        const [pid, signal = 'SIGTERM'] = args;
        if ((pid !== process.pid && pid !== 0) || signal === 0) return Reflect.apply(original, process, args);
        const [name, number] =
          Object.entries(constants.signals).find((entry) => entry.includes(signal as never)) ?? [];
        // Node says that it is unknown.
        if (name === undefined || number === undefined) return Reflect.apply(original, process, args);
        raise(name as NodeJS.Signals, number);
        return true;
      },
  );
  // Node has it end the whole process, handlers or not.
  replaceMethod(process, 'abort', () => () => process.exit(128 + constants.signals.SIGABRT));
}

/** What the system does with a signal to a process: its handler, else its end, unless it is one that does nothing. */
function raise(name: NodeJS.Signals, number: number): void {
  const isHandled = name !== 'SIGKILL' && name !== 'SIGSTOP' && process.listenerCount(name) > 0;
  // As from the system: not in the middle of what the program is doing.
  if (isHandled) setImmediate(emitSignal, name);
  else if (!HARMLESS.has(name)) (currentScope().end ?? process.exit)(128 + number);
}

/** Calls the handlers of a signal, as the system's own would be. */
export function emitSignal(name: NodeJS.Signals): void {
  // Node hands over the number as well, which its types do not say.
  (process as EventEmitter).emit(name, name, constants.signals[name]);
}

/** Signals whose default is to do nothing, or to stop and go on (signal(7)). */
const HARMLESS: ReadonlySet<string> = new Set(['SIGCHLD', 'SIGURG', 'SIGWINCH', 'SIGCONT']);
