// Makes the thread look like a process of its own to the program in it.
import workerThreads from 'node:worker_threads';
import type { ServiceScope } from './scope.ts';

/** Replaces what a worker thread has different from a process. Must run before any code of the service is loaded. */
export function presentAsProcess(scope: ServiceScope): void {
  const { entry, args, cwd } = scope.start;
  process.argv = [process.execPath, entry, ...args];
  process.cwd = () => cwd;
  reportExit(scope);
  // A program that asks "am I the main thread?" starts its server only when it is.
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null });
}

/** In a worker `process.exit` ends the thread only; main is told who called it. */
function reportExit(scope: ServiceScope): void {
  const original = process.exit;
  process.exit = function exit(...args: [code?: number | string | null]): never {
    const exitCode = Number(args[0] ?? process.exitCode ?? 0);
    scope.post({ type: 'exit', exitCode, stack: new Error('process.exit').stack ?? '' });
    // No argument and `undefined` differ: the second would clear process.exitCode.
    return Reflect.apply(original, process, args);
  };
}
