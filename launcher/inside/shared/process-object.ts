// `process` as each service of the thread sees it: environment, arguments, handlers and end are its own.
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { replaceMethod } from '../replace.ts';
import { stackHere } from '../report.ts';
import { crashThread, takeRejection, takeUncaught } from './crashes.ts';
import { Ended, endScope } from './end.ts';
import { endBy, ownerHere, runIn, scopeHere, theThread } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';

/** Must run before any code of a service is loaded. */
export function divideProcess(): void {
  divideEnvironment();
  loadEnvFilesInScope();
  divide(
    'argv',
    (scope) => scope.argv,
    (scope, value) => {
      scope.argv = value as string[];
    },
  );
  divideMainModule();
  divideHandlers();
  divideEnd();
  for (const name of REPLACED) divideReplaced(name);
}

/** Node puts what it reads into the environment of the thread: here it belongs to the service, as it is in a process. */
function loadEnvFilesInScope(): void {
  replaceMethod(
    process,
    'loadEnvFile',
    () =>
      function (this: unknown, path: unknown = '.env'): void {
        const values = parseEnv(readFileSync(path as string | URL | Buffer, 'utf8'));
        for (const [name, value] of Object.entries(values)) {
          if (value !== undefined && !(name in process.env)) process.env[name] = value;
        }
      },
  );
}

/** Functions that programs and packages put their own in the place of; graceful-fs remembers what `cwd` has answered. */
const REPLACED = ['cwd', 'chdir', 'exit', 'reallyExit', 'kill', 'abort', 'emitWarning'] as const;

/** What one service puts there is for it alone, and what a package puts there while it is loaded for nobody. */
function divideReplaced(name: (typeof REPLACED)[number]): void {
  const ours: unknown = Reflect.get(process, name);
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    // A package that is loaded finds what it has put there, but for the folder, which it would have for all.
    get: () => (name === 'cwd' ? scopeHere() : ownerHere()).replaced.get(name) ?? ours,
    set: (value: unknown) => {
      ownerHere().replaced.set(name, value);
    },
  });
}

/** Node writes it when it loads a program, as a plain member: to be called after each load. */
function divideMainModule(): void {
  divide(
    'mainModule',
    (scope) => scope.mainModule,
    (scope, value) => {
      scope.mainModule = value;
    },
  );
}

function divide(
  name: string,
  get: (scope: SharedScope) => unknown,
  set: (scope: SharedScope, value: unknown) => void,
): void {
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get: () => get(scopeHere()),
    set: (value: unknown) => set(scopeHere(), value),
  });
}

/** One object for all, because packages keep it: what it shows is the environment of who asks. */
function divideEnvironment(): void {
  const here = (): Record<string, string> => scopeHere().env;
  const plain = {};
  const environment = new Proxy(plain, {
    get: (_, key) => Reflect.get(here(), key),
    set: (_, key, value) => Reflect.set(here(), key, textOf(key, value)),
    has: (_, key) => Reflect.has(here(), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(here(), key),
    ownKeys: () => Reflect.ownKeys(here()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(here(), key),
    defineProperty: (_, key, { value }) => {
      Reflect.set(here(), key, textOf(key, value));
      return true;
    },
  });
  divide(
    'env',
    () => environment,
    (scope, value) => {
      scope.env = Object.fromEntries(
        Object.entries(value as Record<string, unknown>).map(([key, each]) => [key, textOf(key, each)]),
      );
    },
  );
}

/** As Node does it with the real one. */
function textOf(key: string | symbol, value: unknown): string {
  if (typeof key === 'symbol' || typeof value === 'symbol')
    throw new TypeError('Cannot convert a Symbol value to a string');
  return String(value);
}

/** Events that Node emits about an error of any service. */
const OF_NODE: Readonly<Record<string, (...args: never[]) => boolean>> = {
  uncaughtException: (error: unknown, origin: string) => takeUncaught(error, origin),
  unhandledRejection: (reason: unknown, promise: Promise<unknown>) => takeRejection(reason, promise),
  // Told to the handlers of the service with the error itself.
  uncaughtExceptionMonitor: () => true,
};

function divideHandlers(): void {
  const emit = process.emit;
  const methods = Object.getOwnPropertyDescriptors(EventEmitter.prototype) as Record<
    string,
    PropertyDescriptor
  >;
  for (const [name, { value: method }] of Object.entries(methods)) {
    if (name === 'constructor' || typeof method !== 'function' || name === 'emit') continue;
    const divided = function (this: unknown, ...args: unknown[]): unknown {
      const { events } = ownerHere();
      const result: unknown = Reflect.apply(method, events, args);
      return result === events ? process : result;
    };
    hide(name, divided, method.length);
  }
  const emitHere = (name: string, ...args: unknown[]): boolean => {
    const take = Object.hasOwn(OF_NODE, name) ? OF_NODE[name] : undefined;
    if (take !== undefined) return take(...(args as never[]));
    const { events } = scopeHere();
    const isHeard = Reflect.apply(EventEmitter.prototype.emit, events, [name, ...args]);
    // Node writes warnings by a handler of its own.
    if (name === 'warning') Reflect.apply(emit, process, [name, ...args] as never);
    return isHeard;
  };
  hide('emit', emitHere, emit.length);
}

/** Puts a method in the place of one that `process` inherits from all emitters, and lets it look like that. */
function hide(name: string, value: object, length: number): void {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(value, 'length', { value: length, configurable: true });
  const prototype = Object.getPrototypeOf(process) as object;
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

function endByCall(scope: SharedScope, exitCode: number): void {
  scope.link.post({ type: 'exit', exitCode, stack: stackHere('process.exit') });
  endScope(scope, exitCode);
}

/** `process.exit` ends the service that calls it. */
function divideEnd(): void {
  endBy(endByCall);
  const exit = (code?: unknown): never => {
    const scope = scopeHere();
    if (scope === theThread()) crashThread(new Error(`process.exit(${String(code ?? '')}) was called`));
    endByCall(scope, Number(code ?? process.exitCode ?? 0));
    throw new Ended(scope.start.service);
  };
  for (const name of ['exit', 'reallyExit'])
    replaceMethod(process, name, () => (code?: unknown) => exit(code));
  replaceMethod(process, 'hasUncaughtExceptionCaptureCallback', () => () => scopeHere().capture !== null);
  replaceMethod(process, 'setUncaughtExceptionCaptureCallback', () => (capture: unknown) => {
    scopeHere().capture = capture as SharedScope['capture'];
  });
}

/** Runs code on behalf of a service and gives back what it has made of `process.mainModule`. */
export function runAsMain<Result>(scope: SharedScope, code: () => Result): Result {
  try {
    return runIn(scope, code);
  } finally {
    const found = Object.getOwnPropertyDescriptor(process, 'mainModule');
    if (found !== undefined && 'value' in found) {
      scope.mainModule = found.value;
      divideMainModule();
    }
  }
}
