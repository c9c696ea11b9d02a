// Follows the imports of a service's own sources with esbuild. Packages in node_modules are left to Node.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { BuildOptions, Message, Metafile, Plugin } from 'esbuild';
import { UberError } from '../errors.ts';
import { useCompiler } from './compiler.ts';
import { decoratedFiles, ownErrorOf } from './decorated-files.ts';
import type { DecoratorOptions } from './decorator-options.ts';

/** The service's own files and what leads from one to the other. Paths are absolute, links followed. */
export interface ModuleGraph {
  readonly files: readonly string[];
  readonly imports: readonly ImportEdge[];
  /** False when some import could not be followed: what was found is right, but not to be remembered. */
  readonly isComplete: boolean;
  /** Place and text of a syntax error in JavaScript, which Node reports without them; null when there is none. */
  readonly mistake: string | null;
}

/** One import that stays within the service's own files. */
interface ImportEdge {
  readonly from: string;
  readonly specifier: string;
  readonly to: string;
  /** True for `import x from './x.json' with { type: 'json' }`. */
  readonly hasAttributes: boolean;
}

/** Extensions Node cannot load by itself, or not completely (enums, decorators, JSX). */
export function needsCompiling(path: string): boolean {
  return /\.(?:[cm]?ts|[jt]sx)$/.test(path) && !path.endsWith('.d.ts');
}

/** True for a file of an installed package. */
export function isInstalled(path: string): boolean {
  return path.split(sep).includes('node_modules');
}

/** For who only reads sources: imports that only metadata needs are not followed. */
export const noMetadata = (): null => null;

/**
 * Reads the module graph behind a file.
 * @param decoratorsOf the options of a file whose decorators may need metadata: it imports classes only for that
 * @throws UberError `BUILD_FAILED` for a syntax error in TypeScript (in JavaScript Node itself reports it)
 */
export async function readModuleGraph(
  entry: string,
  decoratorsOf: (path: string) => DecoratorOptions | null,
): Promise<ModuleGraph> {
  const edges = new Map<string, string>();
  const options: BuildOptions & { metafile: true } = {
    entryPoints: [entry],
    absWorkingDir: dirname(entry),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'esnext',
    logLevel: 'silent',
    outdir: dirname(entry),
    treeShaking: false,
    loader: { '.node': 'empty' },
    plugins: [ownFilesOnly(edges), decoratedFiles(decoratorsOf, 'module')],
  };
  const result = await useCompiler(({ build }) => build(options)).catch(
    (failure: unknown) => failure as { errors?: Message[]; metafile?: undefined },
  );
  const errors = result.errors ?? [];
  const ownError = ownErrorOf(errors);
  if (ownError !== null) throw ownError;
  const syntaxError = errors.find(({ location }) => location !== null && needsCompiling(location.file));
  if (syntaxError !== undefined) throw buildFailed(syntaxError, dirname(entry));
  if (result.metafile === undefined) {
    const mistake = errors.find(({ location }) => location !== null);
    const text = mistake === undefined ? null : placeOf(mistake, dirname(entry));
    return { files: [entry], imports: [], isComplete: false, mistake: text };
  }
  return graphOf(result.metafile, dirname(entry), edges);
}

/** The error for what the compiler says about a file. */
export function buildFailed({ text, location }: Message, folder: string): UberError {
  if (location === null) return new UberError('BUILD_FAILED', text);
  const file = resolve(folder, location.file);
  const code = `${String(location.line).padStart(5)} | ${location.lineText}\n${' '.repeat(8 + location.column)}^`;
  return new UberError('BUILD_FAILED', `${file}:${location.line}:${location.column + 1}: ${text}`, {
    serviceStack: code,
  });
}

/** As Node shows a syntax error: the place, the line, and where in it. */
function placeOf({ location }: Message, folder: string): string | null {
  if (location === null) return null;
  const { file, line, column, lineText } = location;
  return `${resolve(folder, file)}:${line}\n${lineText}\n${' '.repeat(column)}^`;
}

/** Marks all as external but the service's own files, workspace packages that are sources among them. */
function ownFilesOnly(edges: Map<string, string>): Plugin {
  const inner = Symbol('asked by this plugin');
  return {
    name: 'own-files-only',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.pluginData === inner || args.kind === 'entry-point') return undefined;
        if (args.path.startsWith('node:')) return { path: args.path, external: true };
        const found = await build.resolve(args.path, {
          importer: args.importer,
          resolveDir: args.resolveDir,
          kind: args.kind,
          pluginData: inner,
        });
        // What cannot be found here may be optional, or made at run time: Node will say so if it matters.
        const isOwn = found.errors.length === 0 && !found.external && isAbsolute(found.path);
        if (!isOwn) return { path: args.path, external: true };
        const path = realpathSync(found.path);
        if (isInstalled(path) || path.endsWith('.node')) return { path: args.path, external: true };
        edges.set(`${args.importer}\0${args.path}`, path);
        // Left to esbuild where it finds the same: a path it is handed is parsed without the tsconfig.json around it.
        return path === found.path ? undefined : { path };
      });
    },
  };
}

function graphOf(metafile: Metafile, folder: string, edges: ReadonlyMap<string, string>): ModuleGraph {
  const files: string[] = [];
  const imports: ImportEdge[] = [];
  let isComplete = true;
  for (const [name, input] of Object.entries(metafile.inputs)) {
    const from = resolve(folder, name);
    files.push(from);
    for (const { path, original, external, with: attributes } of input.imports) {
      const to = edges.get(`${from}\0${original}`) ?? (external ? null : resolve(folder, path));
      if (to !== null && original !== undefined) {
        imports.push({ from, specifier: original, to, hasAttributes: attributes !== undefined });
      } else if (external && /^\.{0,2}\//.test(path)) {
        isComplete = isComplete && existsSync(join(dirname(from), path));
      }
    }
  }
  return { files, imports, isComplete, mistake: null };
}
