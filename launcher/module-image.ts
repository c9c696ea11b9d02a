// What main hands a thread so that it need not resolve, read and compile again what earlier ones have: plain data.

/** Around every CommonJS module, as Node itself has put it there for ten years (`module.wrapper`). */
export const WRAPPER = {
  before: '(function (exports, require, module, __filename, __dirname) { ',
  after: '\n});',
} as const;

/**
 * The text that is compiled for a CommonJS module. It stays as long as the source plus the wrapper, so that places in it
 * can be told.
 */
export function wrapSource(source: string): string {
  // A first line for the shell is allowed at the beginning of a file only.
  const body = source.startsWith('#!') ? `//${source.slice(2)}` : source;
  return WRAPPER.before + body + WRAPPER.after;
}

/** Where a module is in the memory of an image, in bytes: its wrapped source, and what V8 has compiled of it. */
export type ModulePlace = readonly [
  pack: number,
  sourceAt: number,
  sourceBytes: number,
  /** 1: every byte of the source is a character. */
  isAscii: 0 | 1,
  codeAt: number,
  codeBytes: number,
];

/** Files are named by their number in `paths`. */
export interface ModuleIndex {
  /** Absolute, links followed. */
  readonly paths: readonly string[];
  /** Of the first paths; those behind are only resolved to. */
  readonly places: readonly ModulePlace[];
  /** For each requiring file: its number, then pairs of a specifier and the number of the file it leads to. */
  readonly resolutions: readonly (readonly (number | string)[])[];
}

/** All that is known of the modules of a service. */
export interface ModuleImage {
  /** Shared by all threads that load from them. */
  readonly packs: readonly SharedArrayBuffer[];
  /** A {@link ModuleIndex} as JSON; empty when nothing is known yet. */
  readonly index: string;
  /** False: sources outside of `node_modules` are left to Node, whose measuring of coverage sees no wrapper then. */
  readonly withOwnSources: boolean;
}

/** What a thread has loaded beyond its image. */
export interface LoadedModules {
  /** CommonJS modules that V8 has compiled. */
  readonly paths: readonly string[];
  /** Requiring file, specifier, file it leads to. */
  readonly resolutions: readonly (readonly [from: string, specifier: string, to: string])[];
}

/** True for a file of an installed package. */
export function isInPackage(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}
