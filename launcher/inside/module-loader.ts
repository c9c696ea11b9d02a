// Loads CommonJS modules from what earlier threads have resolved and compiled. What a program can see of a module stays
// as Node makes it: `require`, `module`, `__filename`, its place in the cache, stacks.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import { types } from 'node:util';
import { Script } from 'node:vm';
import {
  isInPackage,
  type LoadedModules,
  type ModuleImage,
  type ModuleIndex,
  type ModulePlace,
  WRAPPER,
  wrapSource,
} from '../module-image.ts';
import type { ModuleCodes } from '../protocol.ts';
import { callsImport, isCommonJsFile } from './module-kind.ts';
import { replaceMethod } from './replace.ts';

/** The parts of `node:module` that programs have wrapped for ten years, but that are not in the types. */
interface Loader {
  _cache: Record<string, NodeModule | undefined>;
  _extensions: Record<string, (module: NodeModule, filename: string) => void>;
  _resolveFilename(request: string, parent: NodeModule, isMain?: boolean, options?: unknown): string;
  _resolveLookupPaths(request: string, parent: NodeModule): string[] | null;
  new (filename: string, parent: NodeModule): NodeModule & { load(filename: string): void };
  prototype: { _compile?: unknown };
}

type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: NodeModule,
  filename: string,
  folder: string,
) => void;

const loader = Module as unknown as Loader;

/** How long the service may have to wait for us at a time, in milliseconds. */
const SLICE_MS = 5;

/** One for a thread. */
export class ModuleLoader {
  readonly #packs: readonly Buffer[];
  readonly #places = new Map<string, ModulePlace>();
  readonly #resolutions = new Map<string, Map<string, string>>();
  readonly #withOwnSources: boolean;
  /** What was compiled here; null when nobody wants to know any more. */
  #scripts: Map<string, Script> | null = new Map();
  /** Requiring module and specifier of what was not known. */
  #requests: [NodeModule, string][] = [];
  /** Modules that were required again while they were loading. */
  readonly #circular = new Set<string>();
  /** False as soon as the program changes how modules are found or loaded: all is left to Node then. */
  #isPlain = true;
  readonly #resolveFilename = loader._resolveFilename;
  readonly #compile = loader.prototype._compile;

  constructor({ packs, index, withOwnSources }: ModuleImage) {
    this.#packs = packs.map((pack) => Buffer.from(pack));
    this.#withOwnSources = withOwnSources;
    if (index !== '') this.#read(JSON.parse(index) as ModuleIndex);
  }

  /** Loads a bundle of ours, which is no module that a program could find; `import()` does not work in it. */
  loadBundle(filename: string, require: NodeJS.Require): unknown {
    const script = this.#packed(filename) ?? this.#compileBundle(filename);
    const module = { exports: {} };
    const run = script.runInThisContext() as Wrapped;
    Reflect.apply(run, module.exports, [module.exports, require, module, filename, dirname(filename)]);
    return module.exports;
  }

  /** From now on modules are loaded from here. */
  install(): void {
    const self = this;
    replaceMethod(
      Module,
      '_load',
      (original) =>
        function (this: unknown, ...args: unknown[]): unknown {
          // Nobody requires the main program: it has no parent, or null.
          const [request, parent] = args as [string, NodeModule | null | undefined];
          const target = parent ? self.#resolve(request, parent) : undefined;
          if (!parent || target === undefined) return Reflect.apply(original, this, args);
          const cached = loader._cache[target];
          if (cached === undefined) return self.#loadNew(target, parent);
          if (!cached.loaded) {
            // Node hands out what is there so far, and warns of what is not.
            self.#circular.add(target);
            return Reflect.apply(original, this, args);
          }
          if (!parent.children.includes(cached)) parent.children.push(cached);
          return cached.exports;
        },
    );
    replaceMethod(
      loader._extensions,
      '.js',
      (original) =>
        function (this: unknown, ...args: unknown[]): unknown {
          const [module, filename] = args as [NodeModule, string];
          const script = self.#scriptOf(module, filename);
          if (script === null) return Reflect.apply(original, this, args);
          self.#run(script, module, filename);
          return undefined;
        },
    );
  }

  /** Called once our own hooks are in: who adds more wants to see every module that is loaded. */
  giveWayToHooks(): void {
    for (const name of ['register', 'registerHooks']) {
      replaceMethod(Module, name, (original) => {
        const leave = (): void => {
          this.#isPlain = false;
        };
        return function (this: unknown, ...args: unknown[]): unknown {
          leave();
          return Reflect.apply(original, this, args);
        };
      });
    }
  }

  /** The service is loaded. Its own sources may change from now on: what it loads later is read when it loads it. */
  endBoot(): void {
    for (const path of this.#places.keys()) if (!isInPackage(path)) this.#places.delete(path);
  }

  /** What was loaded that the image did not hold. */
  loaded(): LoadedModules {
    if (!this.#isPlain || this.#scripts === null) return { paths: [], resolutions: [] };
    // Node writes down what it has compiled when its thread ends by itself, which few do.
    Module.flushCompileCache();
    const scripts = this.#scripts;
    const resolutions = this.#requests.flatMap(([parent, request]): [string, string, string][] => {
      const target = scripts.has(parent.filename) ? this.#find(request, parent) : null;
      return target === null ? [] : [[parent.filename, request, target]];
    });
    return { paths: [...scripts.keys()], resolutions };
  }

  /**
   * What V8 has made of some modules, functions included that were compiled when they were first called. Taken bit by
   * bit, so that the service answers meanwhile. Nobody asks again: what is loaded from now on is left to Node.
   */
  async codes(paths: readonly string[]): Promise<ModuleCodes> {
    const scripts = this.#scripts;
    this.#scripts = null;
    this.#requests = [];
    const codes: [string, Uint8Array][] = [];
    let beganMs = performance.now();
    for (const path of paths) {
      const code = scripts?.get(path)?.createCachedData();
      if (code !== undefined) codes.push([path, code]);
      if (performance.now() - beganMs < SLICE_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      beganMs = performance.now();
    }
    return codes;
  }

  #read({ paths, places, resolutions }: ModuleIndex): void {
    for (const [index, place] of places.entries()) this.#places.set(paths[index] ?? '', place);
    for (const [parent, ...pairs] of resolutions) {
      const known = new Map<string, string>();
      for (let at = 0; at < pairs.length; at += 2)
        known.set(String(pairs[at]), paths[Number(pairs[at + 1])] ?? '');
      this.#resolutions.set(paths[Number(parent)] ?? '', known);
    }
  }

  #resolve(request: string, parent: NodeModule): string | undefined {
    if (!this.#isPlain || loader._resolveFilename !== this.#resolveFilename) return undefined;
    const known = this.#resolutions.get(parent.filename)?.get(request);
    if (known === undefined && this.#scripts?.has(parent.filename)) this.#requests.push([parent, request]);
    return known;
  }

  #loadNew(filename: string, parent: NodeModule): unknown {
    const module = new loader(filename, parent);
    loader._cache[filename] = module;
    let isLoaded = false;
    try {
      module.load(filename);
      isLoaded = true;
    } finally {
      if (!isLoaded) {
        Reflect.deleteProperty(loader._cache, filename);
        const at = parent.children.indexOf(module);
        if (at !== -1) parent.children.splice(at, 1);
      }
    }
    if (this.#circular.delete(filename)) endWarnings(module.exports);
    return module.exports;
  }

  /** Null: Node is to load it. */
  #scriptOf(module: NodeModule, filename: string): Script | null {
    const isUntouched = Reflect.get(module, '_compile') === this.#compile;
    return this.#isPlain && isUntouched ? (this.#packed(filename) ?? this.#compileNew(filename)) : null;
  }

  #packed(filename: string): Script | null {
    const place = this.#places.get(filename);
    if (place === undefined) return null;
    // Once: whoever loads it again wants what is in the file now.
    this.#places.delete(filename);
    const [pack, sourceAt, sourceBytes, isAscii, codeAt, codeBytes] = place;
    const memory = this.#packs[pack];
    if (memory === undefined) return null;
    const source = memory.toString(isAscii === 1 ? 'latin1' : 'utf8', sourceAt, sourceAt + sourceBytes);
    const script = compile(source, filename, memory.subarray(codeAt, codeAt + codeBytes));
    if (script.cachedDataRejected === true) this.#scripts?.set(filename, script);
    return script;
  }

  #compileBundle(filename: string): Script {
    const script = compile(wrapSource(readFileSync(filename, 'utf8')), filename);
    this.#scripts?.set(filename, script);
    return script;
  }

  #compileNew(filename: string): Script | null {
    if (this.#scripts === null) return null;
    const isOwn = !isInPackage(filename);
    if ((isOwn && !this.#withOwnSources) || !isCommonJsFile(filename)) return null;
    try {
      const source = readFileSync(filename, 'utf8');
      // Node follows the source maps of modules that it has loaded itself, and `import()` works in no others.
      if ((isOwn && source.includes('//# sourceMappingURL=')) || callsImport(source)) return null;
      const script = compile(wrapSource(source), filename);
      this.#scripts.set(filename, script);
      return script;
    } catch {
      return null; // Node says what is wrong with it, or finds that it is an ES module.
    }
  }

  #run(script: Script, module: NodeModule, filename: string): void {
    const run = script.runInThisContext() as Wrapped;
    const { exports } = module;
    Reflect.apply(run, exports, [exports, makeRequire(module), module, filename, dirname(filename)]);
  }

  #find(request: string, parent: NodeModule): string | null {
    if (Module.isBuiltin(request)) return null;
    try {
      return this.#resolveFilename.call(loader, request, parent, false);
    } catch {
      return null; // It was looked for and not found, as optional packages are.
    }
  }
}

function compile(source: string, filename: string, cachedData?: Buffer): Script {
  return new Script(source, {
    filename,
    columnOffset: -WRAPPER.before.length,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
}

/** `require` of a module, as Node's own (lib/internal/modules/helpers.js, makeRequireFunction). */
function makeRequire(module: NodeModule): NodeJS.Require {
  function require(path: string): unknown {
    return module.require(path);
  }
  function resolve(request: string, options?: unknown): string {
    return loader._resolveFilename(request, module, false, options);
  }
  function paths(request: string): string[] | null {
    return loader._resolveLookupPaths(request, module);
  }
  resolve.paths = paths;
  require.resolve = resolve;
  require.main = process.mainModule;
  require.extensions = loader._extensions;
  require.cache = loader._cache;
  return require as unknown as NodeJS.Require;
}

/** While a module loads, Node warns of what others read too early in its exports, by a prototype of its own. */
function endWarnings(exports: unknown): void {
  if (typeof exports !== 'object' || exports === null) return;
  if (types.isProxy(Object.getPrototypeOf(exports))) Object.setPrototypeOf(exports, Object.prototype);
}
