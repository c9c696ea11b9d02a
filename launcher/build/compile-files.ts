// Compiles single files with esbuild: same path, same line-by-line sources, another syntax.
import { basename, join, parse } from 'node:path';
import type { BuildFailure, BuildOptions, Message } from 'esbuild';
import type { CompiledFile } from '../protocol.ts';
import { type BuildCache, hashOf } from './build-cache.ts';
import { compilerVersion, useCompiler } from './compiler.ts';
import { decoratedFiles, metadataVersion, ownErrorOf } from './decorated-files.ts';
import type { DecoratorOptions } from './decorator-options.ts';
import { buildFailed } from './module-graph.ts';

/** Part of every key of the cache: raise it when the output changes for the same input. */
const OUTPUT_VERSION = '2';

type Format = CompiledFile['format'];

/** One file to compile. */
export interface SourceFile {
  readonly path: string;
  /** Hash of its content and of everything else that shapes the output (tsconfig, package.json "type"). */
  readonly key: string;
  readonly format: CompiledFile['format'];
  /** True when `import()` in CommonJS becomes `require`, as `tsc` does it for `"module": "commonjs"`. */
  readonly requiresImports: boolean;
  /** Set when its tsconfig.json asks for the metadata of decorators. */
  readonly decorators: DecoratorOptions | null;
}

/**
 * Compiles files that the cache does not hold yet.
 * @throws UberError `BUILD_FAILED`
 */
export async function compileFiles(
  files: readonly SourceFile[],
  cache: BuildCache,
): Promise<Map<string, CompiledFile>> {
  const compiled = new Map<string, CompiledFile>();
  const missing: SourceFile[] = [];
  for (const file of files) {
    const known = (['commonjs', 'module'] as const)
      .map((format) => ({ format, name: nameOf(file, format) }))
      .find(({ format, name }) => (format === file.format || file.format === 'commonjs') && cache.has(name));
    if (known === undefined) missing.push(file);
    else compiled.set(file.path, { format: known.format, path: cache.path(known.name) });
  }
  const modules = missing.filter(({ format }) => format === 'module');
  const others = missing.filter((file) => !modules.includes(file));
  const outputs = [
    await transform(modules, { format: 'module', requiresImports: false }, cache),
    await transform(
      others.filter(({ requiresImports }) => requiresImports),
      { format: 'commonjs', requiresImports: true },
      cache,
    ),
    await transform(
      others.filter(({ requiresImports }) => !requiresImports),
      { format: 'commonjs', requiresImports: false },
      cache,
    ),
  ];
  for (const [path, file] of outputs.flat()) compiled.set(path, file);
  return compiled;
}

type Target = Pick<SourceFile, 'format' | 'requiresImports'>;

async function transform(
  files: readonly SourceFile[],
  target: Target,
  cache: BuildCache,
): Promise<[string, CompiledFile][]> {
  if (files.length === 0) return [];
  const { format } = target;
  const root = rootOf(files);
  const decorators = new Map(files.map((file) => [file.path, file.decorators]));
  const options: BuildOptions & { write: false } = {
    // Numbered, because two sources may differ in their extension only.
    entryPoints: files.map(({ path }, index) => ({ in: path, out: String(index) })),
    outdir: join(root, 'out'),
    absWorkingDir: root,
    bundle: false,
    write: false,
    platform: 'node',
    target: 'node22.18',
    format: format === 'module' ? 'esm' : 'cjs',
    sourcemap: 'external',
    sourcesContent: false,
    supported: { 'dynamic-import': !target.requiresImports },
    logLevel: 'silent',
    plugins: [decoratedFiles((path) => decorators.get(path) ?? null, format)],
  };
  try {
    const { outputFiles, warnings } = await useCompiler(({ build }) => build(options));
    const modules = filesOf(
      warnings.filter(({ id }) => id === 'empty-import-meta'),
      root,
    );
    if (modules.size > 0) return transformApart(files, modules, target, cache);
    const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
    return files.map((file, index) => [file.path, store(file, format, { texts, index, cache })]);
  } catch (failure) {
    return retryAsModules(files, failure as BuildFailure, target, cache);
  }
}

function rootOf(files: readonly SourceFile[]): string {
  return parse(files[0]?.path ?? '').root;
}

/** Top-level await, too, makes a file an ES module; only the compiler finds it for certain. */
async function retryAsModules(
  files: readonly SourceFile[],
  failure: BuildFailure,
  target: Target,
  cache: BuildCache,
): Promise<[string, CompiledFile][]> {
  const [first] = failure.errors ?? [];
  if (first === undefined) throw failure;
  const ownError = ownErrorOf(failure.errors);
  if (ownError !== null) throw ownError;
  const root = rootOf(files);
  if (target.format === 'module' || failure.errors.some((error) => !isTopLevelAwait(error)))
    throw buildFailed(first, root);
  return transformApart(files, filesOf(failure.errors, root), target, cache);
}

/**
 * A `.ts` file without `"type": "module"` is CommonJS, as `tsc` and `tsx` have it, unless it uses what only an ES module
 * has. Node's own rule is the same (syntax detection), but for plain `import` lines: those are what sources written for
 * `tsc` are full of.
 */
async function transformApart(
  files: readonly SourceFile[],
  modules: ReadonlySet<string>,
  target: Target,
  cache: BuildCache,
): Promise<[string, CompiledFile][]> {
  const module: Target = { format: 'module', requiresImports: false };
  return [
    ...(await transform(
      files.filter(({ path }) => modules.has(path)),
      module,
      cache,
    )),
    ...(await transform(
      files.filter(({ path }) => !modules.has(path)),
      target,
      cache,
    )),
  ];
}

function filesOf(messages: readonly Message[], root: string): Set<string> {
  return new Set(messages.map(({ location }) => join(root, location?.file ?? '')));
}

function isTopLevelAwait({ text, location }: Message): boolean {
  return location !== null && text.startsWith('Top-level await');
}

interface Outputs {
  readonly texts: ReadonlyMap<string, string>;
  readonly index: number;
  readonly cache: BuildCache;
}

function store(file: SourceFile, format: Format, { texts, index, cache }: Outputs): CompiledFile {
  const code = texts.get(`${index}.js`);
  const map = texts.get(`${index}.js.map`);
  if (code === undefined || map === undefined) throw new Error(`esbuild gave no output for ${file.path}`);
  const name = nameOf(file, format);
  cache.write(name, `${code}\n//# sourceMappingURL=${inlineMap(map, file.path)}\n`);
  return { format, path: cache.path(name) };
}

/** The script is loaded under the source's own URL, so the map's one source is the file beside it: itself. */
function inlineMap(map: string, path: string): string {
  const parsed = { ...(JSON.parse(map) as object), sources: [basename(path)] };
  return `data:application/json;base64,${Buffer.from(JSON.stringify(parsed)).toString('base64')}`;
}

function nameOf({ path, key, decorators }: SourceFile, format: Format): string {
  const version = decorators === null ? compilerVersion() : `${compilerVersion()} ${metadataVersion()}`;
  return `${hashOf(OUTPUT_VERSION, version, basename(path), key)}.${format === 'module' ? 'mjs' : 'cjs'}`;
}
