// What is known of the modules of a service before it loads them.
import type { Script } from 'node:vm';
import { isInPackage, type ModuleImage, type ModuleIndex, type ModulePlace } from '../module-image.ts';
import { compile } from './node-loader.ts';

/** The inner end of a {@link ModuleImage}. */
export class KnownModules {
  readonly #packs: readonly Buffer[];
  readonly #places = new Map<string, ModulePlace>();
  readonly #resolutions = new Map<string, Map<string, string>>();

  constructor({ packs, index }: ModuleImage) {
    this.#packs = packs.map((pack) => Buffer.from(pack));
    if (index !== '') this.#read(JSON.parse(index) as ModuleIndex);
  }

  /** Specifier -> file, for a requiring file. */
  resolutions(filename: string): ReadonlyMap<string, string> | undefined {
    return this.#resolutions.get(filename);
  }

  /** The compiled module; null when it is not known, or was taken before: who loads it again wants what is there now. */
  take(filename: string): Script | null {
    const place = this.#places.get(filename);
    if (place === undefined) return null;
    this.#places.delete(filename);
    const [pack, sourceAt, sourceBytes, isAscii, codeAt, codeBytes] = place;
    const memory = this.#packs[pack];
    if (memory === undefined) return null;
    const source = memory.toString(isAscii === 1 ? 'latin1' : 'utf8', sourceAt, sourceAt + sourceBytes);
    return compile(source, filename, memory.subarray(codeAt, codeAt + codeBytes));
  }

  /** The service is loaded. Its own sources may change from now on: what it loads later is read when it loads it. */
  forgetOwn(): void {
    for (const path of this.#places.keys()) if (!isInPackage(path)) this.#places.delete(path);
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
}
