// Loads CommonJS modules from what earlier threads have resolved and compiled. What a program can see of a module stays
// as Node makes it: `require`, `module`, `__filename`, its place in the cache, stacks.
import { channel } from 'node:diagnostics_channel';
import Module from 'node:module';
import { dirname } from 'node:path';
import { types } from 'node:util';
import type { Script } from 'node:vm';
import type { LoadedModules, ModuleImage } from '../module-image.ts';
import type { ModuleCodes } from '../protocol.ts';
import { KnownModules } from './known-modules.ts';
import { NewModules } from './new-modules.ts';
import { loader, type Wrapped } from './node-loader.ts';
import { replaceMethod } from './replace.ts';

/** Tells tracers of each `require` (https://nodejs.org/api/diagnostics_channel.html#modules). */
const requireEvents = channel('tracing:module.require:start');

const NAME = { value: 'require', configurable: true };

/** Stands for: Node is asked. No module exports it. */
const UNKNOWN = Symbol('unknown');

/** One for a thread. */
export class ModuleLoader {
  readonly #known: KnownModules;
  readonly #new: NewModules;
  /** Modules that were required again while they were loading. */
  readonly #circular = new Set<string>();
  /** Where Node looks for packages from a folder. */
  readonly #paths = new Map<string, readonly string[]>();
  /** False as soon as the program changes how modules are found or loaded: all is left to Node then. */
  #isPlain = true;
  // By these shows who else has a say in it.
  readonly #resolveFilename = loader._resolveFilename;
  readonly #compile = loader.prototype._compile;
  readonly #require = loader.prototype.require;
  #ownLoad: unknown = null;
  #ownExtension: unknown = null;

  constructor(image: ModuleImage) {
    this.#known = new KnownModules(image);
    this.#new = new NewModules(image.withOwnSources);
  }

  /** Loads a bundle of ours, which is no module that a program could find. */
  loadBundle(filename: string, require: NodeJS.Require): unknown {
    const script = this.#known.take(filename) ?? this.#new.compileBundle(filename);
    const module = { exports: {} };
    const run = script.runInThisContext() as Wrapped;
    run(module.exports, require, module, filename, dirname(filename));
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
          if (!parent || !self.#isUsual()) return Reflect.apply(original, this, args);
          const known = self.#known.resolutions(parent.filename);
          const loaded = known === undefined ? UNKNOWN : self.#load(request, parent, known);
          if (loaded !== UNKNOWN) return loaded;
          if (known?.has(request) !== true) self.#new.note(request, parent);
          return Reflect.apply(original, this, args);
        },
    );
    this.#ownLoad = loader._load;
    replaceMethod(
      loader._extensions,
      '.js',
      (original) =>
        function (this: unknown, ...args: unknown[]): unknown {
          const [module, filename] = args as [NodeModule, string];
          const script = self.#isOurs(module) ? (self.#take(filename) ?? self.#new.compile(filename)) : null;
          if (script === null) return Reflect.apply(original, this, args);
          self.#run(script, module);
          return undefined;
        },
    );
    this.#ownExtension = loader._extensions['.js'];
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

  /** The service is loaded. */
  endBoot(): void {
    this.#known.forgetOwn();
  }

  /** What was loaded that was not known. */
  loaded(): LoadedModules {
    // Node writes down what it has compiled when its thread ends by itself, which few do.
    Module.flushCompileCache();
    return this.#isPlain ? this.#new.loaded() : { paths: [], resolutions: [] };
  }

  /** What V8 has made of some modules that were not known. To be asked once. */
  codes(paths: readonly string[]): Promise<ModuleCodes> {
    return this.#new.codes(paths);
  }

  /** False when somebody else has a say in how modules are found. */
  #isUsual(): boolean {
    return this.#isPlain && loader._resolveFilename === this.#resolveFilename;
  }

  /** Whoever compiles modules in another way does so by this member of theirs. */
  #isOurs(module: NodeModule): boolean {
    return this.#isPlain && Reflect.get(module, '_compile') === this.#compile;
  }

  /** True when nobody would notice that `require` takes a shorter way. */
  #isDirect(module: NodeModule): boolean {
    return (
      this.#isUsual() &&
      loader._load === this.#ownLoad &&
      Reflect.get(module, 'require') === this.#require &&
      !requireEvents.hasSubscribers
    );
  }

  /** What a specifier stands for; {@link UNKNOWN} when Node is to find or load it. */
  #load(request: string, parent: NodeModule, known: ReadonlyMap<string, string>): unknown {
    const target = known.get(request);
    if (target === undefined) return UNKNOWN;
    const cached = loader._cache[target];
    if (cached === undefined) return this.#loadNew(target, parent);
    if (!cached.loaded) {
      // Node hands out what is there so far, and warns of what is not.
      this.#circular.add(target);
      return UNKNOWN;
    }
    if (!parent.children.includes(cached)) parent.children.push(cached);
    return cached.exports;
  }

  #loadNew(filename: string, parent: NodeModule): unknown {
    const module = new loader(filename, parent);
    loader._cache[filename] = module;
    let isLoaded = false;
    try {
      const isOurs = loader._extensions['.js'] === this.#ownExtension && this.#isOurs(module);
      const script = isOurs ? this.#take(filename) : null;
      if (script === null) module.load(filename);
      else {
        module.filename = filename;
        module.paths = this.#pathsOf(module.path);
        this.#run(script, module);
        module.loaded = true;
      }
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

  #take(filename: string): Script | null {
    const script = this.#known.take(filename);
    if (script?.cachedDataRejected === true) this.#new.renew(filename, script);
    return script;
  }

  /** Each module has a list of its own. */
  #pathsOf(folder: string): string[] {
    const known = this.#paths.get(folder) ?? loader._nodeModulePaths(folder);
    this.#paths.set(folder, known);
    return [...known];
  }

  #run(script: Script, module: NodeModule): void {
    const run = script.runInThisContext() as Wrapped;
    const { exports, filename, path } = module;
    this.#new.follow(filename);
    Reflect.apply(run, exports, [exports, this.#makeRequire(module), module, filename, path]);
  }

  /** `require` of a module, as Node's own (lib/internal/modules/helpers.js, makeRequireFunction). */
  #makeRequire(module: NodeModule): NodeJS.Require {
    const self = this;
    const known = this.#known.resolutions(module.filename);
    function require(path: string): unknown {
      // What is known needs none of the steps in between, unless somebody has put himself there.
      if (known !== undefined && self.#isDirect(module)) {
        const loaded = self.#load(path, module, known);
        if (loaded !== UNKNOWN) return loaded;
      }
      return module.require(path);
    }
    function resolve(request: string, options?: unknown): string {
      return loader._resolveFilename(request, module, false, options);
    }
    function paths(request: string): string[] | null {
      return loader._resolveLookupPaths(request, module);
    }
    resolve.paths = paths;
    // The bundler calls it otherwise.
    Object.defineProperty(require, 'name', NAME);
    require.resolve = resolve;
    require.main = process.mainModule;
    require.extensions = loader._extensions;
    require.cache = loader._cache;
    return require as unknown as NodeJS.Require;
  }
}

/** While a module loads, Node warns of what others read too early in its exports, by a prototype of its own. */
function endWarnings(exports: unknown): void {
  if (typeof exports !== 'object' || exports === null) return;
  if (types.isProxy(Object.getPrototypeOf(exports))) Object.setPrototypeOf(exports, Object.prototype);
}
