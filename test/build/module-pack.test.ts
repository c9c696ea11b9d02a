// The file of a package's compiled modules: what is read back, and what is not believed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePack, type ModuleToPack, readPack, repack } from '../../launcher/build/module-pack.ts';

let folder = '';
const path = (): string => join(folder, 'x.pack');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uber-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MODULES = new Map<string, ModuleToPack>([
  ['/a.js', module('(function () { return 1 })', [1, 2, 3])],
  ['/b.js', module('(function () { return "é" })', [4, 5, 6, 7, 8, 9, 10, 11, 12])],
]);

function module(source: string, code: number[]): ModuleToPack {
  const bytes = Buffer.from(source);
  const isAscii = bytes.length === source.length;
  return { stamp: `of ${source}`, hash: 'h', source: bytes, isAscii, code: Uint8Array.from(code) };
}

test('every module comes back with its source and its code, which begins at a whole word', () => {
  writeFileSync(path(), encodePack(MODULES));
  const pack = readPack(path());
  if (pack === null) throw new Error('no pack');
  expect([...pack.modules.keys()]).toEqual([...MODULES.keys()]);
  for (const [name, packed] of pack.modules) {
    expect(packed.codeAt % 8).toBe(0);
    const again = repack(pack, packed, packed.stamp);
    const { source, code, ...rest } = MODULES.get(name) ?? module('', []);
    expect(again).toMatchObject(rest);
    expect(Buffer.from(again.source)).toEqual(Buffer.from(source));
    expect(Buffer.from(again.code)).toEqual(Buffer.from(code));
  }
});

test('one that is not there is no pack', () => {
  expect(readPack(path())).toBeNull();
});

test('no byte of a pack can change without being noticed, and none can be missing', () => {
  const bytes = encodePack(MODULES);
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    writeFileSync(path(), damaged);
    expect([at, readPack(path())]).toEqual([at, null]);
    writeFileSync(path(), bytes.subarray(0, at));
    expect([at, readPack(path())]).toEqual([at, null]);
  }
  expect(readFileSync(path()).length).toBe(bytes.length - 1);
});
