// Runs one service, wherever it lives: what a thread and a process of its own have in common.
import Module, { enableCompileCache, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ErrorData } from '../errors.ts';
import type { StartMessage } from '../protocol.ts';
import { noteDatagrams } from './datagrams.ts';
import { interceptListen, shareMainPort } from './listen.ts';
import type { ModuleLoader } from './module-loader.ts';
import { reportExit } from './process-api.ts';
import { errorData } from './report.ts';
import type { ServiceScope } from './scope.ts';
import { ownListen, startForm } from './service-forms.ts';
import { loadTypeScriptFrom } from './typescript-hooks.ts';

/** The parts of `node:module` that run a program as `node <file>` does; stable for ten years, but not in the types. */
const loader = Module as unknown as {
  runMain(): void;
  _cache: Record<string, { exports: unknown } | undefined>;
};

/** Imports an ES module by its URL. */
export type ImportModule = (url: string) => Promise<unknown>;

/** Loads and starts the service of a scope, as the main program of this thread or process. */
export async function bootService(
  scope: ServiceScope,
  importModule: ImportModule,
  modules: ModuleLoader | null = null,
): Promise<void> {
  const { entry, args, build, compileCache } = scope.start;
  process.argv = [process.execPath, entry, ...args];
  // What was loaded to get here is not what the program was started with.
  Reflect.deleteProperty(process, 'mainModule');
  Reflect.deleteProperty(loader._cache, __filename);
  if (compileCache !== null) enableCompileCache(compileCache);
  reportExit();
  interceptListen();
  noteDatagrams();
  if (build !== null && Object.keys(build.files).length > 0) loadTypeScriptFrom(build, scope.link.compile);
  modules?.install();
  modules?.giveWayToHooks();
  syncBuiltinESMExports();
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    const isRejection = origin === 'unhandledRejection';
    const isHandled =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (isHandled) return;
    // An ES module that throws while it is loaded comes here first, before the import rejects.
    if (scope.isLoading) reportFailure(scope, 'LOAD_FAILED', error);
    else scope.link.post({ type: 'uncaught', error: errorData(error), isRejection });
  });
  await runService(scope, importModule, modules);
}

/** Loads and starts the service of a scope in a thread or process that has been prepared for it. */
export async function runService(
  scope: ServiceScope,
  importModule: ImportModule,
  modules: ModuleLoader | null,
): Promise<void> {
  let exported: unknown;
  try {
    exported = await loadEntry(scope.start, importModule);
  } catch (error) {
    reportFailure(scope, 'LOAD_FAILED', error);
    return;
  }
  scope.isLoading = false;
  modules?.endBoot();
  try {
    await startForm(exported, scope);
  } catch (error) {
    reportFailure(scope, 'START_FAILED', error);
    return;
  }
  // A server tells that it listens a turn later: what was opened so far is told before this.
  setImmediate(() => setImmediate(() => scope.link.post({ type: 'started' })));
  const { build, mainPort } = scope.start;
  if (scope.main !== null || mainPort !== null || build?.readsPort !== true) return;
  await ownListen(scope);
  shareMainPort(scope);
}

/** Tells main that a service cannot start. */
export function reportFailure(scope: ServiceScope, code: string, error: unknown): void {
  const data = errorData(error);
  scope.link.post({ type: 'failed', error: { ...data, stack: withPlace(data, scope), code } });
}

/** Node leaves out where a syntax error in an ES module is; in CommonJS the place stands before the name. */
function withPlace({ stack }: ErrorData, { start }: ServiceScope): string | null {
  const mistake = start.build?.mistake ?? null;
  return mistake !== null && stack?.startsWith('SyntaxError:') === true ? `${mistake}\n${stack}` : stack;
}

/** Runs the file as the main program and returns its default export (for CommonJS, `module.exports`). */
async function loadEntry({ entry, build }: StartMessage, importModule: ImportModule): Promise<unknown> {
  loader.runMain();
  const exported = loader._cache[entry]?.exports;
  // An ES module leaves nothing there, or an empty object when Node took it for CommonJS at first (`.js`, `.ts`).
  const url = pathToFileURL(entry).href;
  const isCompiledSo = build?.files[url]?.format === 'commonjs';
  const isEmpty = isPlainObject(exported) && Object.keys(exported).length === 0;
  const isCommonJs = exported !== undefined && (isCompiledSo || !isEmpty);
  if (isCommonJs) return defaultOf(exported, false);
  const namespace = await importModule(url);
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
