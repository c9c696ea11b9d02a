// The services of a thread of several: on whose behalf code runs is known by its asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import type { OutputWriter } from '../../log-ring.ts';
import type { StartMessage } from '../../protocol.ts';
import { findScopes, type Link } from '../scope.ts';
import { makeSharedScope, type SharedScope, type SharedStart } from './shared-scope.ts';

const storage = new AsyncLocalStorage<SharedScope>();
const open = new Set<SharedScope>();
let packageDepth = 0;
let end: (scope: SharedScope, exitCode: number) => void = () => undefined;

/** Stands for the thread itself: for code of packages that runs on behalf of no single service. */
let nobody: SharedScope | null = null;

/** Must run before the first service begins. */
export function prepareScopes(): void {
  const folder = process.cwd();
  const start: StartMessage = {
    service: 'the shared thread',
    entry: __filename,
    cwd: folder,
    args: [],
    host: '127.0.0.1',
    port: 0,
    mainPort: null,
    extraPorts: {},
    resourceDir: folder,
    dataDir: folder,
    runId: '',
    namespace: '',
    urls: {},
    portUrls: {},
    build: null,
    permissions: null,
    compileCache: null,
  };
  const link: Link = {
    post: () => undefined,
    compile: (path) => {
      throw new SyntaxError(`could not compile ${path}: it belongs to no service`);
    },
  };
  // What belongs to no service is told in the output of the one that has been here longest.
  const output: OutputWriter = { write: (stream, bytes) => openScopes()[0]?.output.write(stream, bytes) };
  const env = { ...process.env } as Record<string, string>;
  nobody = makeSharedScope({ id: 0, start, link, output, env }, () => undefined);
  findScopes(scopeHere);
  // Main asks for it by the debugger when the thread is blocked.
  Object.defineProperty(process, Symbol.for('uberservice.here'), { value: () => scopeHere().id });
}

/** Says what ends a service from its own thread. */
export function endBy(how: (scope: SharedScope, exitCode: number) => void): void {
  end = how;
}

/** Makes the scope of a service that begins. */
export function openSharedScope(start: SharedStart): SharedScope {
  const scope = makeSharedScope(start, (ended, exitCode) => end(ended, exitCode));
  open.add(scope);
  return scope;
}

/** It has ended: nothing is attributed to it by its sources any more. */
export function closeSharedScope(scope: SharedScope): void {
  scope.isEnded = true;
  open.delete(scope);
}

/** All services that live here now. */
export function openScopes(): SharedScope[] {
  return [...open];
}

/** Runs code, and all that follows from it, on behalf of a service. */
export function runIn<Result>(scope: SharedScope, code: () => Result): Result {
  return storage.run(scope, code);
}

/** The service on whose behalf the caller runs; where nothing tells, the scope of the thread itself. */
export function scopeHere(): SharedScope {
  return storage.getStore() ?? lonely() ?? scopeOfStack(stackText()) ?? theThread();
}

/**
 * Whose a handle or handler is that the caller makes. What a package makes while it is loaded is for all that use the
 * package: it stays when the service ends that has loaded it first.
 */
export function ownerHere(): SharedScope {
  return packageDepth > 0 ? theThread() : scopeHere();
}

/** Loads a module that is a package's, or a service's own. */
export function whileLoading<Result>(isPackage: boolean, load: () => Result): Result {
  const before = packageDepth;
  packageDepth = isPackage ? before + 1 : 0;
  try {
    return load();
  } finally {
    packageDepth = before;
  }
}

/** Whose fault an error is: by the context it was thrown in, else by its stack; null when neither tells. */
export function scopeOfError(error: unknown): SharedScope | null {
  const store = storage.getStore();
  if (store !== undefined && store !== nobody) return store;
  const stack: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'stack') : null;
  return lonely() ?? (typeof stack === 'string' ? scopeOfStack(stack) : null);
}

/** The thread's own scope. */
export function theThread(): SharedScope {
  if (nobody === null) throw new Error('the thread has not been prepared');
  return nobody;
}

/** A thread of one service is as if it were its own. */
function lonely(): SharedScope | null {
  if (open.size !== 1) return null;
  const [only] = open;
  return only ?? null;
}

/** The one service whose own source is on the stack. */
function scopeOfStack(stack: string): SharedScope | null {
  const places = [...stack.matchAll(/(?:\(|at (?:async )?)((?:file:|[A-Za-z]:)?[^():\n]+?):\d+:\d+\)?$/gm)];
  const files = new Set(places.map(([, place = '']) => place));
  const found = [...open].filter((scope) => [...files].some((file) => isOwnFile(scope, file)));
  return found.length === 1 ? (found[0] ?? null) : null;
}

function isOwnFile({ modules, urls, start }: SharedScope, place: string): boolean {
  if (!place.startsWith('file:')) return place in modules || place === start.entry;
  const [url = place] = place.split('?');
  return urls.has(url) || fileURLToPath(url) === start.entry;
}

function stackText(): string {
  const { prepareStackTrace } = Error;
  Reflect.set(Error, 'prepareStackTrace', undefined);
  const stack = String(new Error('where').stack);
  Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  return stack;
}
