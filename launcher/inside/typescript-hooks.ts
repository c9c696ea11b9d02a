// Loads TypeScript inside the thread from what main has compiled. Synchronous hooks: no loader thread.
import { existsSync, readFileSync } from 'node:fs';
import { type LoadFnOutput, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildManifest, CompiledFile } from '../protocol.ts';

const COMPILED_KINDS = /\.(?:[cm]?ts|[jt]sx)$/;
/** What a specifier without extension, or with the extension of the output, may stand for. */
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '.json'];
const SOURCE_OF: Record<string, string[]> = {
  '.js': ['.ts', '.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
  '.jsx': ['.tsx'],
};

/** What has been compiled for this thread: `file:` URLs, as in the manifest. */
const files = new Map<string, CompiledFile>();
const edges = new Map<string, Readonly<Record<string, string>>>();

/** All that is known here, for a thread that loads the same sources; null when nothing is compiled. */
export function knownBuild(build: BuildManifest | null): BuildManifest | null {
  if (build === null || files.size === 0) return build;
  return { ...build, files: Object.fromEntries(files), edges: Object.fromEntries(edges) };
}

/**
 * Installs the hooks.
 * @param compile asks main for a file that no static import led to; blocks until it answers
 */
export function loadTypeScriptFrom(build: BuildManifest, compile: (path: string) => BuildManifest): void {
  const learn = (more: BuildManifest): void => {
    for (const [url, file] of Object.entries(more.files)) files.set(url, file);
    for (const [url, imports] of Object.entries(more.edges)) edges.set(url, imports);
  };
  learn(build);
  process.setSourceMapsEnabled(true);
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      if (parentURL === undefined || !files.has(parentURL)) return next(specifier, context);
      const known = edges.get(parentURL)?.[specifier];
      if (known !== undefined) return { url: known, shortCircuit: true, format: files.get(known)?.format };
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
    },
    load(url, context, next) {
      if (!files.has(url) && isCompiledKind(url)) learn(compile(fileURLToPath(url)));
      const file = files.get(url);
      const loaded: LoadFnOutput =
        file === undefined
          ? next(url, context)
          : { format: file.format, source: readFileSync(file.path, 'utf8'), shortCircuit: true };
      // A Set on some versions, whatever the types say.
      const isImported = !new Set(context.conditions).has('require');
      return isImported && loaded.format === 'commonjs' ? asRequired(loaded) : loaded;
    },
  });
}

/**
 * Node 22, and 24 up to 24.20, cannot link what an imported CommonJS file requires once a `load` hook is there ("request
 * for './x' is not in cache"). Under this name its own translators hand the file to the CommonJS loader, which can.
 */
export function asRequired(loaded: LoadFnOutput): LoadFnOutput {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isMended = (major === 24 && minor >= 21) || major >= 26;
  return isMended ? loaded : { ...loaded, format: 'commonjs-sync', shortCircuit: true };
}

/** True for a source that only a compiler makes loadable. */
export function isCompiledKind(url: string): boolean {
  return url.startsWith('file:') && COMPILED_KINDS.test(url) && !url.includes('/node_modules/');
}

/** The file a computed specifier means, by the rules TypeScript and bundlers share. */
export function guessFile(target: URL): string | null {
  const path = fileURLToPath(target);
  const extension = /\.[cm]?jsx?$/.exec(path)?.[0] ?? '';
  const sources = (SOURCE_OF[extension] ?? []).map((source) => path.slice(0, -extension.length) + source);
  const candidates = [
    ...sources,
    ...EXTENSIONS.map((end) => path + end),
    ...EXTENSIONS.map((end) => `${path}/index${end}`),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  return found === undefined ? null : pathToFileURL(found).href;
}
