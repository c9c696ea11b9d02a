// Entry of a service's thread. Bundled into one small CommonJS file: whatever it loads is paid once a service.
import Module, { syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LogRingWriter } from '../log-ring.ts';
import type { BuildManifest, ToInside, WorkerBoot } from '../protocol.ts';
import { interceptListen } from './listen.ts';
import { presentAsProcess } from './process-api.ts';
import { errorData } from './report.ts';
import { openScope, type ServiceScope } from './scope.ts';
import { startForm } from './service-forms.ts';
import { redirectOutput } from './stdio.ts';
import { stopService } from './stop.ts';
import { loadTypeScriptFrom } from './typescript-hooks.ts';

/** The parts of `node:module` that run a program as `node <file>` does; stable for ten years, but not in the types. */
const loader = Module as unknown as {
  runMain(): void;
  _cache: Record<string, { exports: unknown } | undefined>;
};

void boot(workerData as WorkerBoot);

async function boot({ start, control, logs, answers }: WorkerBoot): Promise<void> {
  const scope = openScope(start, (message) => control.postMessage(message));
  redirectOutput(new LogRingWriter(logs, () => control.postMessage(null)));
  presentAsProcess(scope);
  interceptListen();
  syncBuiltinESMExports();
  process.on('uncaughtExceptionMonitor', (error) => {
    const isHandled =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (isHandled) return;
    // An ES module that throws while it is loaded comes here first, before the import rejects.
    if (scope.isLoading) reportFailure(scope, 'LOAD_FAILED', error);
    else scope.post({ type: 'uncaught', error: errorData(error) });
  });
  control.on('message', (message: ToInside) => {
    if (message.type === 'stop') void stopService(scope);
  });
  // The service decides how long its thread lives, as it does in a process of its own.
  control.unref();
  if (start.build !== null && Object.keys(start.build.files).length > 0) {
    loadTypeScriptFrom(start.build, (path) => compileOnMain(scope, { path, control, answers }));
  }
  await runService(scope);
}

async function runService(scope: ServiceScope): Promise<void> {
  let exported: unknown;
  try {
    exported = await loadEntry(scope.start.entry);
  } catch (error) {
    reportFailure(scope, 'LOAD_FAILED', error);
    return;
  }
  scope.isLoading = false;
  try {
    await startForm(exported, scope);
    // A server tells that it listens a turn later: what was opened so far is told before this.
    setImmediate(() => setImmediate(() => scope.post({ type: 'started' })));
  } catch (error) {
    reportFailure(scope, 'START_FAILED', error);
  }
}

function reportFailure(scope: ServiceScope, code: string, error: unknown): void {
  scope.post({ type: 'failed', error: { ...errorData(error), code } });
}

/** Runs the file as the main program and returns its default export (for CommonJS, `module.exports`). */
async function loadEntry(entry: string): Promise<unknown> {
  loader.runMain();
  const exported = loader._cache[entry]?.exports;
  // An ES module leaves nothing there, or an empty object when Node took it for CommonJS at first (`.js`, `.ts`).
  const isCommonJs =
    exported !== undefined && !(isPlainObject(exported) && Object.keys(exported).length === 0);
  if (isCommonJs) return defaultOf(exported, false);
  const namespace: unknown = await import(pathToFileURL(entry).href);
  return defaultOf(defaultOf(namespace, true), false);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** `default` of an ES module, or of CommonJS that was compiled from one. */
function defaultOf(exported: unknown, isModule: boolean): unknown {
  if (typeof exported !== 'object' || exported === null) return exported;
  const { __esModule: isCompiled, default: value } = exported as { __esModule?: boolean; default?: unknown };
  return isModule || isCompiled === true ? value : exported;
}

interface CompileRequest {
  path: string;
  control: WorkerBoot['control'];
  answers: SharedArrayBuffer;
}

/** Module loading cannot wait for a promise, so the thread sleeps until main has put the answer on the port. */
function compileOnMain(scope: ServiceScope, { path, control, answers }: CompileRequest): BuildManifest {
  const counter = new Int32Array(answers);
  const seen = Atomics.load(counter, 0);
  scope.post({ type: 'compile', path });
  Atomics.wait(counter, 0, seen);
  for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control)) {
    const message = next.message as ToInside;
    if (message.type === 'stop') void stopService(scope);
    else if (message.build === null) throw new SyntaxError(message.error ?? `could not compile ${path}`);
    else return message.build;
  }
  throw new Error(`main did not answer for ${path}`);
}
