// What V8 and Node have made of the CommonJS modules of services: learnt from the threads of one run, handed to those of
// the next. One pack a package, shared by all services; one record a service.
import { isAscii } from 'node:buffer';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cachedDataVersionTag } from 'node:v8';
import {
  isInPackage,
  type LoadedModules,
  type ModuleImage,
  type ModuleIndex,
  type ModulePlace,
  wrapSource,
} from '../module-image.ts';
import { prepareNodeCache } from '../node-cache.ts';
import type { ModuleCodes } from '../protocol.ts';
import { BuildCache, hashOf } from './build-cache.ts';
import {
  encodePack,
  type ModulePack,
  type ModuleToPack,
  type PackedModule,
  readPack,
  repack,
} from './module-pack.ts';
import { placesOf } from './module-places.ts';

/** Raise it when the form of a record or a pack changes, or what a thread makes of them. */
const STORE_VERSION = '4';
/** A file changed so shortly before it was read may change again without showing it: its content is compared then. */
const UNSURE_MS = 2000;
/** How far the clock that systems stamp changes with may lag behind ours. */
const TICK_MS = 10;

/** What is remembered of one service. Files are named by their number in `paths`. */
interface ModuleRecord {
  readonly paths: readonly string[];
  /** How many of the paths are compiled modules; those behind are only resolved to. */
  readonly modules: number;
  /** Folders and files that resolutions depend on, with their stamps; null: they were not there. */
  readonly places: readonly (readonly [path: string, stamp: string | null])[];
  readonly parents: readonly {
    readonly from: number;
    /** Numbers of places. */
    readonly places: readonly number[];
    /** Specifier, file, specifier, file ... */
    readonly pairs: readonly (string | number)[];
  }[];
}

/** Asks a thread for the code of some modules; null when it has ended. */
type FetchCode = (paths: readonly string[]) => Promise<ModuleCodes | null>;

/** One for a run. */
export class ModuleStore {
  /** For Node's own compile cache, which holds ES modules; null where nothing is to be kept of sources. */
  readonly nodeFolder: string | null;
  readonly #cache: BuildCache;
  readonly #packs = new Map<string, ModulePack | null>();
  readonly #units = new Map<string, string>();
  /** Stamps of what is installed, while a run starts: its services load the same packages. */
  #seen: Map<string, string | null> | null = new Map();
  /** Packs whose files have other stamps now, but the same content. */
  readonly #outdated = new Set<string>();
  /** By service: what its record is found by, and when its last image was made, in milliseconds since the epoch. */
  readonly #begun = new Map<string, { key: string; atMs: number }>();
  readonly #withOwnSources: boolean;

  /**
   * @param folder the build cache
   * @param withOwnSources false leaves the sources outside of `node_modules` to Node
   */
  constructor(folder: string, withOwnSources: boolean) {
    this.#cache = new BuildCache(folder);
    this.#withOwnSources = withOwnSources;
    this.nodeFolder = withOwnSources ? join(folder, 'node') : null;
    if (this.nodeFolder !== null) prepareNodeCache(this.nodeFolder);
  }

  /**
   * What is known of the modules of a service and still holds.
   * @param key its entry and all that changes where its requires lead
   */
  image(service: string, key: string): ModuleImage {
    this.#begun.set(service, { key, atMs: Date.now() - TICK_MS });
    const record = this.#record(key);
    const unknown = { packs: [], index: '', withOwnSources: this.#withOwnSources };
    if (record === null) return unknown;
    const packs = new Map<ModulePack, number>();
    const paths: string[] = [];
    const places: ModulePlace[] = [];
    for (const path of record.paths.slice(0, record.modules)) {
      const pack = this.#pack(this.#unit(path));
      const module = pack?.modules.get(path);
      if (pack === null || module === undefined || !this.#isSame(path, module)) continue;
      const number = packs.get(pack) ?? packs.size;
      packs.set(pack, number);
      paths.push(path);
      places.push(placeOf(number, module));
    }
    const resolutions = this.#resolutions(record, paths);
    const index: ModuleIndex = { paths, places, resolutions };
    return { ...unknown, packs: [...packs.keys()].map(({ memory }) => memory), index: JSON.stringify(index) };
  }

  /** All services of the run have started: from now on packages are looked at for each start, too. */
  endStart(): void {
    this.#seen = null;
  }

  /**
   * Remembers what a thread has loaded that began with the last image of its service. Works in small steps: others are
   * served meanwhile. A file that has changed since then is left out.
   */
  async learn(service: string, loaded: LoadedModules, fetchCode: FetchCode): Promise<void> {
    const begun = this.#begun.get(service);
    if (begun === undefined) return;
    const { key, atMs } = begun;
    for (const unit of this.#outdated) this.#addToPack(unit, [], atMs);
    this.#outdated.clear();
    const fresh = loaded.paths.filter((path) => existsSync(path) && !hasChangedSince(path, atMs));
    const missing = fresh.filter((path) => {
      const known = this.#pack(this.#unit(path))?.modules.get(path);
      return known === undefined || !this.#isSame(path, known);
    });
    // Also when there are none: then the thread stops to keep what it could be asked for.
    const codes = await fetchCode(missing);
    if (codes === null || loaded.paths.length + loaded.resolutions.length === 0) return;
    const byUnit = Map.groupBy(codes, ([path]) => this.#unit(path));
    for (const [unit, modules] of byUnit) {
      this.#addToPack(unit, modules, atMs);
      await nextTurn();
    }
    this.#remember(key, fresh, loaded, atMs);
  }

  #record(key: string): ModuleRecord | null {
    const text = this.#cache.read(recordName(key)) ?? '';
    const [hash, record = ''] = text.split('\n');
    // Damaged: it is made anew.
    return hash === hashOf(record) ? (JSON.parse(record) as ModuleRecord) : null;
  }

  /** Those of a record that still lead where they led. */
  #resolutions({ paths, places, parents }: ModuleRecord, known: string[]): ModuleIndex['resolutions'] {
    const numbers = new Map(known.map((path, number) => [path, number]));
    const numberOf = (path: string): number => {
      const number = numbers.get(path) ?? known.push(path) - 1;
      numbers.set(path, number);
      return number;
    };
    const isSame = places.map(([path, stamp]) => placeStamp(this.#stamp(path)) === stamp);
    return parents
      .filter((parent) => parent.places.every((place) => isSame[place] === true))
      .map(({ from, pairs }) => [
        numberOf(paths[from] ?? ''),
        ...pairs.map((value) => (typeof value === 'number' ? numberOf(paths[value] ?? '') : value)),
      ]);
  }

  #remember(key: string, fresh: readonly string[], { resolutions }: LoadedModules, atMs: number): void {
    const before = this.#record(key);
    const paths = [...new Set([...fresh, ...(before?.paths.slice(0, before.modules) ?? [])])];
    const modules = paths.length;
    const numbers = new Map(paths.map((path, number) => [path, number]));
    const numberOf = (path: string): number => {
      const number = numbers.get(path) ?? paths.push(path) - 1;
      numbers.set(path, number);
      return number;
    };
    const places = new Map<string, number>();
    const placeNumber = (path: string): number => {
      const number = places.get(path) ?? places.size;
      places.set(path, number);
      return number;
    };
    const changed = new Map<string, boolean>();
    const hasChanged = (path: string): boolean => {
      const isNew = changed.get(path) ?? hasChangedSince(path, atMs);
      changed.set(path, isNew);
      return isNew;
    };
    const all = [...this.#known(before), ...resolutions];
    const parents = [...Map.groupBy(all, ([from]) => from)].flatMap(([from, edges]) => {
      const on = [...new Set(edges.flatMap(([, specifier, to]) => placesOf(from, specifier, to)))];
      // The thread may have looked before the change: the next one looks again.
      if (on.some(hasChanged)) return [];
      const targets = new Map(edges.map(([, specifier, to]) => [specifier, to]));
      const pairs = [...targets].flatMap(([specifier, to]) => [specifier, numberOf(to)]);
      return [{ from: numberOf(from), places: on.map(placeNumber), pairs }];
    });
    const record: ModuleRecord = {
      paths,
      modules,
      places: [...places.keys()].map((path) => [path, placeStamp(readStamp(path))]),
      parents,
    };
    const text = JSON.stringify(record);
    this.#cache.write(recordName(key), `${hashOf(text)}\n${text}`);
  }

  /** The resolutions of an earlier record that still hold. */
  #known(record: ModuleRecord | null): [string, string, string][] {
    if (record === null) return [];
    const paths: string[] = [];
    return this.#resolutions(record, paths).flatMap(([from, ...pairs]) =>
      pairs.flatMap((value, at): [string, string, string][] =>
        at % 2 === 0 ? [[paths[Number(from)] ?? '', String(value), paths[Number(pairs[at + 1])] ?? '']] : [],
      ),
    );
  }

  #addToPack(unit: string, codes: ModuleCodes, atMs: number): void {
    const name = packName(unit);
    // Read anew: another run may have added to it.
    const pack = readPack(this.#cache.path(name));
    const modules = new Map<string, ModuleToPack>();
    for (const [path, module] of pack?.modules ?? []) {
      if (pack !== null && this.#isSame(path, module))
        modules.set(path, repack(pack, module, sureStamp(path)));
    }
    for (const [path, code] of codes) {
      const module = readModule(path, code, atMs);
      if (module !== null) modules.set(path, module);
    }
    this.#cache.write(name, encodePack(modules));
    this.#packs.delete(unit);
  }

  #pack(unit: string): ModulePack | null {
    const known = this.#packs.get(unit);
    if (known !== undefined) return known;
    const name = packName(unit);
    const pack = this.#cache.has(name) ? readPack(this.#cache.path(name)) : null;
    this.#packs.set(unit, pack);
    return pack;
  }

  /** True when a file has still the content that was compiled. */
  #isSame(path: string, { stamp, hash }: PackedModule): boolean {
    const now = this.#stamp(path);
    if (now === null || now === stamp) return now !== null;
    const isSame = hashOf(readFileSync(path)) === hash;
    if (isSame) this.#outdated.add(this.#unit(path));
    return isSame;
  }

  #stamp(path: string): string | null {
    const seen = isInPackage(path) ? this.#seen : null;
    const known = seen?.get(path);
    if (known !== undefined) return known;
    const stamp = readStamp(path);
    seen?.set(path, stamp);
    return stamp;
  }

  /** The package a file belongs to: the last one below `node_modules`, else the nearest folder with a package.json. */
  #unit(path: string): string {
    const installed = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];
    if (installed !== undefined) return installed;
    const folder = dirname(path);
    const known = this.#units.get(folder);
    if (known !== undefined) return known;
    const isUnit = dirname(folder) === folder || existsSync(join(folder, 'package.json'));
    const unit = isUnit ? folder : this.#unit(folder);
    this.#units.set(folder, unit);
    return unit;
  }
}

function placeOf(number: number, module: PackedModule): ModulePlace {
  const { sourceAt, sourceBytes, isAscii, codeAt, codeBytes } = module;
  return [number, sourceAt, sourceBytes, isAscii ? 1 : 0, codeAt, codeBytes];
}

/** Null when it may have another content than the thread has compiled that began at `atMs`. */
function readModule(path: string, code: Uint8Array, atMs: number): ModuleToPack | null {
  try {
    const stamp = sureStamp(path);
    const content = readFileSync(path);
    if (hasChangedSince(path, atMs)) return null;
    const source = Buffer.from(wrapSource(content.toString('utf8')));
    return { stamp, hash: hashOf(content), source, isAscii: isAscii(source), code };
  } catch {
    return null; // Gone meanwhile.
  }
}

function lastChangeMs(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : Math.max(stats.mtimeMs, stats.ctimeMs);
}

function hasChangedSince(path: string, ms: number): boolean {
  return (lastChangeMs(path) ?? 0) >= ms;
}

/** What the system says of a file or folder, by which a change shows; null when it is not there. */
function readStamp(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.mtimeMs} ${stats.ctimeMs} ${stats.size} ${stats.ino}`;
}

/** Of a folder or package.json: its properties, which a link to it changes, lead nowhere else. */
function placeStamp(stamp: string | null): string | null {
  return stamp?.replace(/ .*/, '') ?? null;
}

/** Empty for a file that could change once more within the same tick of the clock of its disk. */
function sureStamp(path: string): string {
  const changedMs = lastChangeMs(path) ?? Number.POSITIVE_INFINITY;
  return Date.now() - changedMs < UNSURE_MS ? '' : (readStamp(path) ?? '');
}

function recordName(key: string): string {
  return `${hashOf(STORE_VERSION, versionOfNode(), key)}.modules.json`;
}

function packName(unit: string): string {
  return `${hashOf(STORE_VERSION, versionOfNode(), unit)}.pack`;
}

/** V8's tag covers its version and its flags. */
function versionOfNode(): string {
  return `${process.version} ${process.arch} ${cachedDataVersionTag()}`;
}
