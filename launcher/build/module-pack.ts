// The file that holds the compiled modules of one package: a header as JSON, then for each module its wrapped source and
// V8's code cache. Immutable: what is to be added makes a new file in its place.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const MAGIC = 0x4b_50_42_55; // "UBPK"
/** Magic, checksum of all that follows it, length of the header. */
const PREFIX_BYTES = 12;
/** V8 reads its code cache in words. */
const ALIGN = 8;

/** One module of a pack. Places are bytes from the beginning of the file. */
export interface PackedModule {
  /** What the system said of the file when it was compiled; empty when that may not hold. */
  readonly stamp: string;
  /** Of its content. */
  readonly hash: string;
  readonly sourceAt: number;
  readonly sourceBytes: number;
  readonly isAscii: boolean;
  readonly codeAt: number;
  readonly codeBytes: number;
}

/** A module that is to be packed. */
export interface ModuleToPack extends Pick<PackedModule, 'stamp' | 'hash'> {
  /** Wrapped. */
  readonly source: Uint8Array;
  readonly isAscii: boolean;
  readonly code: Uint8Array;
}

/** A pack in memory that threads can share. */
export interface ModulePack {
  readonly memory: SharedArrayBuffer;
  /** By absolute path. */
  readonly modules: ReadonlyMap<string, PackedModule>;
}

/** The bytes of a pack. */
export function encodePack(modules: ReadonlyMap<string, ModuleToPack>): Buffer {
  const places = new Map<string, Omit<PackedModule, 'sourceAt' | 'codeAt'> & { at: number }>();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [path, { source, code, ...rest }] of modules) {
    const padding = (ALIGN - ((code.length + source.length) % ALIGN)) % ALIGN;
    places.set(path, { ...rest, at, sourceBytes: source.length, codeBytes: code.length });
    // The code first: it has to begin at a whole word.
    parts.push(code, source, Buffer.alloc(padding));
    at += code.length + source.length + padding;
  }
  const header = Buffer.from(JSON.stringify([...places]));
  const gap = Buffer.alloc((ALIGN - ((PREFIX_BYTES + header.length) % ALIGN)) % ALIGN);
  const file = Buffer.concat([Buffer.alloc(PREFIX_BYTES), header, gap, ...parts]);
  file.writeUInt32LE(MAGIC, 0);
  file.writeUInt32LE(header.length, 8);
  file.writeUInt32LE(crc32(file.subarray(8)), 4);
  return file;
}

/** Reads a pack into memory that threads can share; null for a file that is not there or damaged. */
export function readPack(path: string): ModulePack | null {
  try {
    const memory = readShared(path);
    return { memory, modules: decodeHeader(Buffer.from(memory)) };
  } catch {
    return null; // It is made anew.
  }
}

function readShared(path: string): SharedArrayBuffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const memory = new SharedArrayBuffer(size);
    const bytes = new Uint8Array(memory);
    for (let at = 0; at < size; ) {
      const read = readSync(file, bytes, at, size - at, at);
      if (read === 0) throw new Error('it ends early');
      at += read;
    }
    return memory;
  } finally {
    closeSync(file);
  }
}

/** V8 itself believes every code cache that has the right length: a damaged one could end the process. */
function decodeHeader(file: Buffer): Map<string, PackedModule> {
  const isWhole =
    file.length >= PREFIX_BYTES &&
    file.readUInt32LE(0) === MAGIC &&
    file.readUInt32LE(4) === crc32(file.subarray(8));
  if (!isWhole) throw new Error('it is damaged');
  const headerBytes = file.readUInt32LE(8);
  const base = Math.ceil((PREFIX_BYTES + headerBytes) / ALIGN) * ALIGN;
  const entries = JSON.parse(file.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headerBytes)) as [
    string,
    Omit<PackedModule, 'sourceAt' | 'codeAt'> & { at: number },
  ][];
  return new Map(
    entries.map(([path, { at, ...rest }]) => [
      path,
      { ...rest, codeAt: base + at, sourceAt: base + at + rest.codeBytes },
    ]),
  );
}

/** A module of a pack, to be packed again. */
export function repack(pack: ModulePack, module: PackedModule, stamp: string): ModuleToPack {
  const { hash, isAscii, sourceAt, sourceBytes, codeAt, codeBytes } = module;
  return {
    stamp,
    hash,
    isAscii,
    source: new Uint8Array(pack.memory, sourceAt, sourceBytes),
    code: new Uint8Array(pack.memory, codeAt, codeBytes),
  };
}
