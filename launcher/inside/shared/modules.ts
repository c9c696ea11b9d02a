// Modules of a thread of several services: packages are loaded once, each service's own source once a life of it.

import { readFileSync } from 'node:fs';
import Module, { type LoadFnOutput, registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildManifest, CompiledFile } from '../../protocol.ts';
import { asRequired, guessFile, isCompiledKind } from '../typescript-hooks.ts';
import { adapt } from './adapted.ts';
import { scopeHere, whileLoading } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';
import { leaveSingletons, noteImport, noteUse } from './singletons.ts';

/** The parts of `node:module` below the types; stable for ten years. */
const loader = Module as unknown as {
  _cache: Record<string, unknown>;
  prototype: { load(path: string): unknown };
};

/** The launcher's own package is one for all as well, wherever it is installed. */
const LAUNCHER = join(__dirname, '..') + sep;

/** Which life of which service loads by a URL. */
const owners = new Map<string, SharedScope>();
/** URLs of sources that were loaded as they are: Node never unloads an ES module. */
const taken = new Set<string>();

/** Must run before any code of a service is loaded. */
export function divideModules(): void {
  divideCommonJs();
  registerHooks({ resolve });
}

/** The sources of a service that begins. */
export function learn({ compiled }: SharedScope, build: BuildManifest): void {
  for (const [url, file] of Object.entries(build.files)) compiled.files.set(url, file);
  for (const [url, imports] of Object.entries(build.edges)) compiled.edges.set(url, imports);
  if (compiled.files.size === 0) return;
  process.setSourceMapsEnabled(true);
  hookLoad();
}

/** Lets go of the modules of a service, and of what they have put into packages. */
export function dropModulesOf(scope: SharedScope): void {
  const { modules, urls } = scope;
  leaveSingletons(scope);
  for (const path of Object.keys(modules)) Reflect.deleteProperty(modules, path);
  for (const url of urls.values()) owners.delete(url);
  urls.clear();
}

/** True when native code is loaded, whose work nobody can see. */
export function hasAddons(): boolean {
  return Object.keys(loader._cache).some((path) => path.endsWith('.node'));
}

/** True for what services have in common. */
function isPackage(path: string, scope: () => SharedScope = scopeHere): boolean {
  if (path.startsWith(LAUNCHER)) return true;
  if (!path.includes(`${sep}node_modules${sep}`)) return false;
  const { ownPackage } = scope();
  return ownPackage === null || !isIn(ownPackage, path);
}

/** What a package has installed for itself is a package as well. */
function isIn(folder: string, path: string): boolean {
  return path.startsWith(folder) && !path.slice(folder.length).includes(`node_modules${sep}`);
}

/** A cache for packages, and behind the same name one for each service. */
function divideCommonJs(): void {
  const packages = loader._cache;
  const cacheOf = (key: string | symbol): Record<string, unknown> =>
    typeof key === 'string' && !isPackage(key) ? scopeHere().modules : packages;
  loader._cache = new Proxy(packages, {
    get: (_, key) => {
      const found: unknown = Reflect.get(cacheOf(key), key);
      if (found !== undefined) noteUse(String(key), found);
      return found;
    },
    set: (_, key, value) => Reflect.set(cacheOf(key), key, value),
    has: (_, key) => Reflect.has(cacheOf(key), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(cacheOf(key), key),
    ownKeys: () => [...Reflect.ownKeys(packages), ...Reflect.ownKeys(scopeHere().modules)],
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(cacheOf(key), key),
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(cacheOf(key), key, descriptor),
  });
  const { load } = loader.prototype;
  loader.prototype.load = function (this: unknown, path: string): unknown {
    const isShared = isPackage(path);
    const result = whileLoading(isShared, () => Reflect.apply(load, this, [path]));
    if (isShared) {
      adapt(path, this);
      noteUse(path, this);
    }
    return result;
  };
}

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>;

const resolve: Resolve = (specifier, context, next) => {
  const { parentURL } = context;
  const scope = (parentURL === undefined ? undefined : owners.get(parentURL)) ?? scopeHere();
  const parent = parentURL === undefined ? undefined : plain(parentURL);
  const found = resolveIn(scope, specifier, { ...context, parentURL: parent }, next);
  if (new Set(context.conditions).has('require') || !found.url.startsWith('file:')) return found;
  const path = fileURLToPath(found.url);
  if (isPackage(path, () => scope)) {
    noteImport(path, scope);
    return found;
  }
  return { ...found, url: ownUrl(scope, found.url) };
};

/** As `loadTypeScriptFrom` does it for a thread of one service. */
const resolveIn = (
  { compiled }: SharedScope,
  specifier: string,
  context: Parameters<Resolve>[1],
  next: Parameters<Resolve>[2],
): ReturnType<Resolve> => {
  const { parentURL } = context;
  if (parentURL === undefined || !compiled.files.has(parentURL)) return next(specifier, context);
  const known = compiled.edges.get(parentURL)?.[specifier];
  if (known !== undefined)
    return { url: known, shortCircuit: true, format: compiled.files.get(known)?.format };
  try {
    return next(specifier, context);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const guess =
      specifier.startsWith('.') && code !== 'ERR_ACCESS_DENIED'
        ? guessFile(new URL(specifier, parentURL))
        : null;
    if (guess === null) throw error;
    return { url: guess, shortCircuit: true };
  }
};

/** The first that loads a source loads it by its own URL, which programs compare with their first argument. */
function ownUrl(scope: SharedScope, url: string): string {
  const known = scope.urls.get(url);
  if (known !== undefined) return known;
  const isFirst = !taken.has(url);
  taken.add(url);
  const own = isFirst ? url : `${url}${url.includes('?') ? '&' : '?'}uber=${scope.id}`;
  if (!isFirst) hookLoad();
  scope.urls.set(url, own);
  owners.set(own, scope);
  return own;
}

const MARK = /[?&]uber=\d+$/;

function plain(url: string): string {
  return url.replace(MARK, '');
}

let isLoadHooked = false;

/** Only when there is something to do: it costs each `require` of the thread. */
function hookLoad(): void {
  if (isLoadHooked) return;
  isLoadHooked = true;
  registerHooks({
    load(url, context, next) {
      const scope = owners.get(url) ?? scopeHere();
      const source = plain(url);
      const file = fileOf(scope, source);
      const loaded: LoadFnOutput =
        file === undefined
          ? next(url, context)
          : { format: file.format, source: readFileSync(file.path, 'utf8'), shortCircuit: true };
      // A Set on some versions, whatever the types say.
      const isImported = !new Set(context.conditions).has('require');
      if (isImported && loaded.format === 'commonjs') return asRequired(loaded);
      return source !== url && loaded.format === 'module' ? withUrl(loaded, source) : loaded;
    },
  });
}

function fileOf(scope: SharedScope, url: string): CompiledFile | undefined {
  const { files } = scope.compiled;
  if (!files.has(url) && isCompiledKind(url)) learn(scope, scope.link.compile(fileURLToPath(url)));
  return files.get(url);
}

/** On the first line, which keeps the others where they are. A line for the shell is gone when Node has read it. */
function withUrl(loaded: LoadFnOutput, url: string): LoadFnOutput {
  const text = String(
    loaded.source instanceof Uint8Array ? Buffer.from(loaded.source) : (loaded.source ?? ''),
  );
  const statement = `import.meta.url=${JSON.stringify(url)};`;
  const shell = /^#!.*/.exec(text)?.[0] ?? '';
  const source = shell === '' ? statement + text : `${statement}${text.slice(shell.length)}`;
  return { ...loaded, source };
}
