// Makes the thread look like a process of its own to the program in it.
import { constants } from 'node:os';
import workerThreads from 'node:worker_threads';
import { stackHere } from './report.ts';
import type { ServiceScope } from './scope.ts';

/** Replaces what a worker thread has different from a process. Must run before any code of the service is loaded. */
export function presentAsProcess(scope: ServiceScope): void {
  const { entry, args, cwd } = scope.start;
  process.argv = [process.execPath, entry, ...args];
  process.cwd = () => cwd;
  reportExit(scope);
  keepSignals();
  // A program that asks "am I the main thread?" starts its server only when it is.
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null });
}

/** In a worker `process.exit` ends the thread only; main is told who called it. */
function reportExit(scope: ServiceScope): void {
  const original = process.exit;
  process.exit = function exit(...args: [code?: number | string | null]): never {
    const exitCode = Number(args[0] ?? process.exitCode ?? 0);
    scope.post({ type: 'exit', exitCode, stack: stackHere('process.exit') });
    // No argument and `undefined` differ: the second would clear process.exitCode.
    return Reflect.apply(original, process, args);
  };
}

/**
 * A program that has cleaned up in its signal handler often sends itself the signal again. That must end the thread,
 * as it would end a process, and not the launcher with all other services.
 */
function keepSignals(): void {
  const original = process.kill;
  process.kill = function kill(pid: number, signal: string | number = 'SIGTERM'): true {
    if (pid !== process.pid || signal === 0) return original(pid, signal);
    const [name, number] =
      Object.entries(constants.signals).find((entry) => entry.includes(signal as never)) ?? [];
    if (name === undefined || number === undefined) return original(pid, signal); // Node says that it is unknown.
    if (process.listenerCount(name) > 0) process.emit(name as NodeJS.Signals, name as NodeJS.Signals);
    else process.exit(128 + number);
    return true;
  };
}
