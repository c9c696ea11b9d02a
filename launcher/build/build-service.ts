// One service's sources -> what its thread loads, and the list of files it is made of.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Cache, getTsconfig, type TsConfigJson } from 'get-tsconfig';
import { UberError } from '../errors.ts';
import type { BuildManifest, CompiledFile } from '../protocol.ts';
import { BuildCache, hashOf } from './build-cache.ts';
import { compileFiles, type SourceFile } from './compile-files.ts';
import { compilerVersion } from './compiler.ts';
import { type DecoratorOptions, decoratorOptionsOf } from './decorator-options.ts';
import { isInstalled, type ModuleGraph, needsCompiling, readModuleGraph } from './module-graph.ts';

/** Raise it when what is remembered of a graph changes its shape. */
const GRAPH_VERSION = '4';

/** `process.env.PORT`, `env['PORT']`, `const { PORT = 3000 } = process.env`. */
const READS_PORT = /\benv\??\.?(?:PORT\b|\[\s*['"`]PORT['"`])|\{[^{}]*\bPORT\b[^{}]*\}\s*=\s*process\.env\b/;

/** Compiles services; one for a run. Nothing is compiled twice, by this run or the next. */
export class ServiceBuilder {
  readonly #cache: BuildCache;

  /** @param folder the build cache */
  constructor(folder: string) {
    this.#cache = new BuildCache(folder);
  }

  /**
   * Builds what is behind a file; null when Node loads all of it by itself.
   * @param entry absolute, links followed
   * @throws UberError `BUILD_FAILED`
   */
  async build(entry: string): Promise<BuildManifest | null> {
    // An installed program is JavaScript that Node runs as it is; whether it listens is not ours to read.
    if (isInstalled(entry)) return null;
    const settings = new SourceSettings();
    const graph = this.#recallGraph(entry, settings) ?? (await this.#readGraph(entry, settings));
    const sources = graph.files.filter((path) => needsCompiling(path) || isBareJson(path, graph));
    const compiled = await compileFiles(
      sources.map((path) => settings.sourceFile(path)),
      this.#cache,
    );
    const texts = graph.files.map((path) => readFileSync(path, 'utf8'));
    return {
      files: Object.fromEntries([...compiled].map(([path, file]) => [urlOf(path), file])),
      edges: edgesOf(graph, compiled),
      callsListen: texts.some((text) => /\.listen\s*\(/.test(text)),
      readsPort: texts.some((text) => READS_PORT.test(text)),
      mistake: graph.mistake,
    };
  }

  async #readGraph(entry: string, settings: SourceSettings): Promise<ModuleGraph> {
    const graph = await readModuleGraph(entry, (path) => settings.decorators(path));
    const keys = graph.files.map((path) => settings.key(path));
    const remembered: Remembered = { graph, keys, places: placesOf(graph.files) };
    if (graph.isComplete) this.#cache.write(graphName(entry), JSON.stringify(remembered));
    return graph;
  }

  /** The graph as it was, if every file that shaped it is still the same. */
  #recallGraph(entry: string, settings: SourceSettings): ModuleGraph | null {
    const text = this.#cache.read(graphName(entry));
    if (text === null) return null;
    try {
      const { graph, keys, places } = JSON.parse(text) as Remembered;
      const isSame = graph.files.every((path, index) => settings.key(path) === keys[index]);
      return isSame && JSON.stringify(placesOf(graph.files)) === JSON.stringify(places) ? graph : null;
    } catch {
      return null; // A file is gone, or the entry is damaged: it is read anew.
    }
  }
}

interface Remembered {
  readonly graph: ModuleGraph;
  /** For each file of the graph what {@link SourceSettings.key} said of it. */
  readonly keys: readonly string[];
  /** What {@link placesOf} said: a file that has come or gone may change where an import leads. */
  readonly places: readonly (readonly [string, number])[];
}

/** The folders imports are looked for in, with the time of their last change, and the package.json on the way. */
function placesOf(files: readonly string[]): [string, number][] {
  const folders = new Set(files.map((path) => dirname(path)));
  for (const folder of folders) if (dirname(folder) !== folder) folders.add(dirname(folder));
  const places = [...folders].flatMap((folder) => [
    join(folder, 'node_modules'),
    join(folder, 'package.json'),
  ]);
  return [...files.map((path) => dirname(path)), ...places].flatMap((path): [string, number][] => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [[path, stats.mtimeMs]];
  });
}

/** What shapes the output of a file beside its path; read once a build. */
class SourceSettings {
  readonly #keys = new Map<string, string>();
  readonly #formats = new Map<string, 'module' | 'commonjs'>();
  readonly #tsconfigs: Cache = new Map();

  sourceFile(path: string): SourceFile {
    const requiresImports = !/^(?:node|preserve|es)/i.test(this.#compilerOptions(path)?.module ?? '');
    const decorators = this.decorators(path);
    return { path, key: this.key(path), format: this.#format(path), requiresImports, decorators };
  }

  decorators(path: string): DecoratorOptions | null {
    return decoratorOptionsOf(this.#compilerOptions(path));
  }

  /** Hash of the content and of all settings that shape the output. */
  key(path: string): string {
    const known = this.#keys.get(path);
    if (known !== undefined) return known;
    const key = hashOf(readFileSync(path), JSON.stringify(this.#compilerOptions(path)), this.#format(path));
    this.#keys.set(path, key);
    return key;
  }

  #compilerOptions(path: string): TsConfigJson.CompilerOptions | null {
    if (!needsCompiling(path)) return null;
    try {
      return getTsconfig(path, 'tsconfig.json', this.#tsconfigs)?.config.compilerOptions ?? null;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UberError('BUILD_FAILED', `The tsconfig.json of ${path} cannot be used: ${reason}`, {
        cause,
      });
    }
  }

  #format(path: string): 'module' | 'commonjs' {
    if (path.endsWith('.mts') || path.endsWith('.json')) return 'module';
    if (path.endsWith('.cts')) return 'commonjs';
    const folder = dirname(path);
    const known = this.#formats.get(folder) ?? packageType(folder);
    this.#formats.set(folder, known);
    return known;
  }
}

function graphName(entry: string): string {
  return `${hashOf(GRAPH_VERSION, compilerVersion(), entry)}.graph.json`;
}

/** `type` of the nearest package.json, as Node looks for it. */
function packageType(folder: string): 'module' | 'commonjs' {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { type } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { type?: string };
      return type === 'module' ? 'module' : 'commonjs';
    } catch {
      if (dirname(at) === at) return 'commonjs'; // None up to the root.
    }
  }
}

/** JSON that is imported without `with { type: 'json' }`: TypeScript allows it, Node's ES modules do not. */
function isBareJson(path: string, graph: ModuleGraph): boolean {
  return (
    path.endsWith('.json') && graph.imports.some(({ to, hasAttributes }) => to === path && !hasAttributes)
  );
}

/** Compiled JSON gets a URL of its own, so that `require` of the same file still sees JSON. */
function urlOf(path: string): string {
  const url = pathToFileURL(path).href;
  return path.endsWith('.json') ? `${url}?module` : url;
}

/** The imports Node would not resolve to the same file by itself. */
function edgesOf(
  graph: ModuleGraph,
  compiled: ReadonlyMap<string, CompiledFile>,
): Record<string, Record<string, string>> {
  const edges: Record<string, Record<string, string>> = {};
  for (const { from, specifier, to, hasAttributes } of graph.imports) {
    const parent = pathToFileURL(from).href;
    const needsModule = compiled.get(from)?.format === 'module' && !hasAttributes;
    const target = needsModule && compiled.has(to) ? urlOf(to) : pathToFileURL(to).href;
    const isPlain = /^\.{1,2}\//.test(specifier) && new URL(specifier, parent).href === target;
    if (!isPlain) edges[parent] = { ...edges[parent], [specifier]: target };
  }
  return edges;
}
