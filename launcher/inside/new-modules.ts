// The modules that were compiled in this thread, to be known the next time.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import type { Script } from 'node:vm';
import { isInPackage, type LoadedModules, wrapSource } from '../module-image.ts';
import type { ModuleCodes } from '../protocol.ts';
import { callsImport, isCommonJsFile } from './module-kind.ts';
import { compile, loader } from './node-loader.ts';

/** How long the service may have to wait for us at a time, in milliseconds. */
const SLICE_MS = 5;

/** One for a thread. */
export class NewModules {
  readonly #withOwnSources: boolean;
  readonly #resolveFilename = loader._resolveFilename;
  /** Null when nobody wants to know any more. */
  #scripts: Map<string, Script> | null = new Map();
  /** Modules whose requires are of interest: all that Node has not loaded itself. */
  readonly #followed = new Set<string>();
  /** Requiring module and specifier of what was not known. */
  #requests: [NodeModule, string][] = [];

  /** @param withOwnSources false leaves the sources outside of `node_modules` to Node */
  constructor(withOwnSources: boolean) {
    this.#withOwnSources = withOwnSources;
  }

  /** A file of ours, whatever there is to say against it. */
  compileBundle(filename: string): Script {
    return this.#keep(filename, readFileSync(filename, 'utf8'));
  }

  /** Compiles a module; null when Node is to do that. */
  compile(filename: string): Script | null {
    if (this.#scripts === null) return null;
    const isOwn = !isInPackage(filename);
    if ((isOwn && !this.#withOwnSources) || !isCommonJsFile(filename)) return null;
    try {
      const source = readFileSync(filename, 'utf8');
      // Node follows the source maps of modules that it has loaded itself, and warns of `import()` in others.
      const needsNode = (isOwn && source.includes('//# sourceMappingURL=')) || callsImport(source);
      return needsNode ? null : this.#keep(filename, source);
    } catch {
      return null; // Node says what is wrong with it, or finds that it is an ES module.
    }
  }

  /** V8 could not use what it had made of a module before. */
  renew(filename: string, script: Script): void {
    this.#scripts?.set(filename, script);
  }

  /** A module runs that was compiled here or before: where its requires lead is of interest. */
  follow(filename: string): void {
    this.#followed.add(filename);
  }

  /** A module has required what was not known. */
  note(request: string, parent: NodeModule): void {
    if (this.#scripts !== null && this.#followed.has(parent.filename)) this.#requests.push([parent, request]);
  }

  /** What is new, and where its requires have led. */
  loaded(): LoadedModules {
    const scripts = this.#scripts ?? new Map<string, Script>();
    const resolutions = this.#requests.flatMap(([parent, request]): [string, string, string][] => {
      const target = this.#find(request, parent);
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

  #keep(filename: string, source: string): Script {
    const script = compile(wrapSource(source), filename);
    this.#scripts?.set(filename, script);
    return script;
  }

  #find(request: string, parent: NodeModule): string | null {
    if (Module.isBuiltin(request)) return null;
    try {
      const target = this.#resolveFilename.call(loader, request, parent, false);
      // A linked package is somebody's source: too much may change in it that changes where this leads.
      return isInPackage(target) || isPath(request) ? target : null;
    } catch {
      return null; // It was looked for and not found, as optional packages are.
    }
  }
}

/** True for a specifier that names a file or folder, and no package. */
function isPath(specifier: string): boolean {
  return /^\.{0,2}\/|^\.{1,2}$|^[A-Za-z]:/.test(specifier);
}
