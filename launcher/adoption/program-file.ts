// The word behind `node` -> the file to run, and for compiled output the source it is made from.
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { getTsconfig } from 'get-tsconfig';
import { findEntry } from '../catalog/entry-file.ts';
import { readPackageFile } from '../package-file.ts';
import { isFile, isFolder } from '../repository/files.ts';

/** A file to run. */
export interface ProgramFile {
  /** Absolute. */
  readonly path: string;
  /** The compiled file it stands in for, or null. Absolute. */
  readonly insteadOf: string | null;
}

const EXTENSIONS = ['', '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs'];
const SOURCES = ['.ts', '.mts', '.cts', '.tsx'];

/** Folders compilers write to when no tsconfig.json says otherwise. */
const OUTPUTS = ['dist', 'build', 'out', 'lib'];

/** The file a word means in a folder; null when there is none, nor a source it would be compiled from. */
export function findProgramFile(word: string, folder: string): ProgramFile | null {
  const path = resolve(folder, word);
  const source = sourceOf(path, folder);
  if (source !== null) return { path: source, insteadOf: path };
  const found = findFile(path);
  return found === null ? null : { path: found, insteadOf: null };
}

function findFile(path: string): string | null {
  const file = EXTENSIONS.map((extension) => path + extension).find(isFile);
  if (file !== undefined) return file;
  if (!isFolder(path)) return null;
  const main = readPackageFile(path)?.main ?? null;
  const ofMain = main === null ? null : findProgramFile(main, path);
  if (ofMain !== null) return ofMain.path;
  const index = EXTENSIONS.map((extension) => join(path, `index${extension}`)).find(isFile);
  return index ?? findEntry(path)?.entry ?? null;
}

/** The TypeScript behind a compiled file, by `outDir` and `rootDir` or by the usual names of folders. */
function sourceOf(path: string, folder: string): string | null {
  for (const { output, roots } of layoutsOf(folder, isFile(path))) {
    const inside = relative(output, path);
    if (inside === '' || (!inside.startsWith('..') && !isAbsolute(inside))) {
      const stems = stemsOf(inside);
      const found = roots
        .flatMap((root) => stems.map((stem) => join(root, stem)))
        .flatMap((stem) => SOURCES.map((extension) => stem + extension))
        .find(isFile);
      if (found !== undefined) return found;
    }
  }
  return null;
}

interface Layout {
  readonly output: string;
  readonly roots: readonly string[];
}

function layoutsOf(folder: string, exists: boolean): Layout[] {
  const usualRoots = [join(folder, 'src'), folder];
  // A `lib` that is there may well hold the sources themselves.
  const usual = OUTPUTS.filter((name) => name !== 'lib' || !exists).map((name) => ({
    output: join(folder, name),
    roots: usualRoots,
  }));
  for (const name of ['tsconfig.build.json', 'tsconfig.json']) {
    const options = compilerOptionsOf(folder, name);
    if (options?.outDir === undefined) continue;
    const roots = options.rootDir === undefined ? [] : [resolve(folder, options.rootDir)];
    return [{ output: resolve(folder, options.outDir), roots: [...roots, ...usualRoots] }, ...usual];
  }
  return usual;
}

function compilerOptionsOf(folder: string, name: string): { outDir?: string; rootDir?: string } | null {
  if (!isFile(join(folder, name))) return null;
  try {
    return getTsconfig(folder, name)?.config.compilerOptions ?? null;
  } catch {
    return null; // The build of the service will say what is wrong with it.
  }
}

/** `index.js` -> `index`; a folder -> `index` in it; output that repeats the source folder -> without it. */
function stemsOf(inside: string): string[] {
  const stem = inside.replace(/\.[cm]?js$/, '');
  const isFolderLike = stem === inside && basename(inside) !== 'index';
  const stems = isFolderLike
    ? [stem, join(stem, 'index'), join(stem, 'main')].filter((it) => it !== '')
    : [stem];
  return stems.flatMap((it) => [it, it.split(sep).slice(1).join(sep)]).filter((it) => it !== '');
}

/** The folder of the nearest package.json between a file and the root, else the folder of the file. */
export function ownFolder(file: string, root: string): string {
  for (let at = dirname(file); at.startsWith(root); at = dirname(at)) {
    if (readPackageFile(at) !== null) return at;
    if (at === root) break;
  }
  return dirname(file);
}
