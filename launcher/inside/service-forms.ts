// What a module may export to be a service, and how each form is started and served.
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import { createRequire } from 'node:module';
import type { Server } from 'node:net';
import { makeContext } from './context.ts';
import type { ServiceScope } from './scope.ts';

/** Time a program that exports its app gets to call `listen` itself, when its source says that it does. */
const OWN_LISTEN_MS = 2000;

type Callable = (...args: unknown[]) => unknown;
type Members = Record<string, unknown>;

/** Starts whatever the module exports; resolves when that has settled and, where needed, `listen` has been called. */
export async function startForm(exported: unknown, scope: ServiceScope): Promise<void> {
  if (await hasStartedItself(exported, scope)) return;
  const definition = definitionOf(exported);
  if (definition !== null) return startDefinition(definition, scope);
  if (isFactory(exported)) return serve(await exported(makeContext(scope)), scope);
  if (!isServable(exported)) return;
  // The module may export its app for tests and listen by itself too, perhaps after it has connected to a database.
  if (scope.start.build?.callsListen !== false) await ownListen(scope);
  await serve(exported, scope);
}

/**
 * True for a program that exports what it has started: `app.start(); module.exports = app;`, or
 * `if (require.main === module) start();`. To start it again would open everything twice.
 */
async function hasStartedItself(exported: unknown, scope: ServiceScope): Promise<boolean> {
  const call = ownStartOf(exported);
  if (call === null || !call.test(readFileSync(scope.start.entry, 'utf8'))) return false;
  // Whoever exports a class is expected to leave the start to us: only one that listens already is believed.
  if (!isClass(exported)) await ownListen(scope);
  return scope.main !== null;
}

/** How a source would start what it exports; null for what nobody starts. */
function ownStartOf(exported: unknown): RegExp | null {
  // A name may be any text: only one that can stand in a source is looked for.
  if (isFactory(exported)) return /^[\w$]+$/.test(exported.name) ? callOf(exported.name, false) : null;
  if (isClass(exported)) return callOf('(?:start|run)', true);
  if (typeof exported !== 'object' || exported === null) return null;
  const { start, run } = exported as Members;
  if (typeof start !== 'function' && typeof run !== 'function') return null;
  // Methods of other objects have these names too: what a plain object has is called by its bare name.
  return callOf('(?:start|run)', Object.getPrototypeOf(exported) !== Object.prototype);
}

/** Matches a call, not a definition: behind that comes a body or a type. */
function callOf(name: string, isMethod: boolean): RegExp {
  const before = isMethod ? String.raw`\.` : String.raw`(?<![\w$.])`;
  return new RegExp(String.raw`${before}${name.replaceAll('$', '\\$')}\s*\([^()]*\)(?!\s*[{:])`);
}

/** Forms 1 and 4: an object, or a class to make one of, with `start` or `run`. */
function definitionOf(exported: unknown): Members | null {
  const instance = isClass(exported) ? (Reflect.construct(exported, []) as unknown) : exported;
  if (typeof instance !== 'object' || instance === null) return null;
  const members = instance as Members;
  return typeof members.start === 'function' || typeof members.run === 'function' ? members : null;
}

async function startDefinition(definition: Members, scope: ServiceScope): Promise<void> {
  if (typeof definition.stop === 'function')
    scope.stopHook = definition.stop.bind(definition) as () => unknown;
  const start = (definition.start ?? definition.run) as Callable;
  const result = await Reflect.apply(start, definition, [makeContext(scope)]);
  await serve(result, scope);
}

function isClass(exported: unknown): exported is Callable {
  if (typeof exported !== 'function' || !Function.prototype.toString.call(exported).startsWith('class'))
    return false;
  const prototype = exported.prototype as Members;
  return typeof prototype.start === 'function' || typeof prototype.run === 'function';
}

/** Form 2: a plain function of the context. A listener takes two parameters, an app has members. */
function isFactory(exported: unknown): exported is Callable {
  const isPlain =
    typeof exported === 'function' && !Function.prototype.toString.call(exported).startsWith('class');
  return isPlain && exported.length < 2 && !isServable(exported);
}

function isServable(value: unknown): value is object {
  if (typeof value !== 'object' && typeof value !== 'function') return false;
  if (value === null) return false;
  if (typeof value === 'function' && value.length >= 2) return true;
  const { listen, handle, callback, fetch } = value as Members;
  return [listen, handle, callback, fetch].some((member) => typeof member === 'function');
}

/** Listens for `value` on the leased port, unless the program has done so. */
async function serve(value: unknown, scope: ServiceScope): Promise<void> {
  if (scope.main !== null || !isServable(value)) return;
  const { host, port } = scope.start;
  const members = value as unknown as Members;
  // Fastify, Nest and http.Server listen by themselves; of the others we make a server.
  const isFastifyLike = typeof members.ready === 'function' && typeof members.listen === 'function';
  if (isFastifyLike) {
    await (members.listen as Callable).call(value, { host, port });
  } else if (
    typeof members.listen === 'function' &&
    typeof value === 'object' &&
    typeof members.callback !== 'function'
  ) {
    await (members.listen as Callable).call(value, port, host);
  } else {
    makeServer(value, scope).listen(port, host);
  }
  scope.ownServer = mainServer(scope);
}

/** What `listen` has made of the scope meanwhile, which the type checker cannot see. */
function mainServer({ main }: ServiceScope): Server | null {
  return main?.server ?? null;
}

function makeServer(value: object, scope: ServiceScope): Server {
  const members = value as Members;
  // Loaded by what is to be served, most probably; a service that listens by itself need not load it for us.
  const { createServer } = process.getBuiltinModule('node:http');
  if (typeof members.callback === 'function') return createServer(members.callback() as http.RequestListener);
  if (typeof value === 'function' && typeof members.fetch !== 'function')
    return createServer(value as http.RequestListener);
  if (typeof members.handle === 'function' && typeof members.fetch !== 'function') {
    return createServer((request, response) => (members.handle as Callable)(request, response));
  }
  return makeFetchServer(members.fetch as Callable, scope);
}

/** Hono and others that speak `fetch`: their own adapter for Node does it. */
function makeFetchServer(fetch: Callable, scope: ServiceScope): Server {
  const name = '@hono/node-server';
  let adapter: { createAdaptorServer(options: { fetch: Callable }): Server };
  try {
    adapter = createRequire(scope.start.entry)(name) as typeof adapter;
  } catch (cause) {
    throw new Error(`it exports a fetch handler, which needs the package "${name}": npm install ${name}`, {
      cause,
    });
  }
  return adapter.createAdaptorServer({ fetch });
}

/** Waits until the program listens by itself, has nothing more to do, or has had its time. */
export function ownListen(scope: ServiceScope): Promise<void> {
  if (scope.main !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      process.off('beforeExit', finish);
      scope.onMainListen = null;
      resolve();
    };
    const timer = setTimeout(finish, OWN_LISTEN_MS).unref();
    process.once('beforeExit', finish);
    scope.onMainListen = finish;
  });
}
