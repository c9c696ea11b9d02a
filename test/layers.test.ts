// The launcher's rooms import in one direction only.
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { findCircles, findWrongArrows, type ImportTable, readImports } from './support/layers.ts';

describe('the imports of the launcher', () => {
  const table = readLauncher();

  test('are found at all', () => {
    expect(table.get('index.ts')).toContain('start-uber.ts');
    expect(table.get('cli/main.ts')).toEqual([
      'node-version.ts',
      'cli/compile-cache.ts',
      'cli/command-line.ts',
    ]);
  });

  test('never point to a higher room, nor to another room of the same row', () => {
    expect(findWrongArrows(table)).toEqual([]);
  });

  test('never lead back to where they began', () => {
    expect(findCircles(table)).toEqual([]);
  });
});

describe('the check itself', () => {
  test('reads every form of a relative import and no comment', () => {
    const source = [
      "import fs from 'node:fs';",
      "import type { A } from '../types.ts';",
      'import {',
      '  B,',
      "} from './b.ts';",
      "export * from './c.ts';",
      "const d = await import('./d.ts');",
      "type E = import('./e.ts').E;",
      "import './f.ts';",
      "// import x from './not-this.ts'",
      " * `import x from './nor-this.ts'`",
    ].join('\n');
    const files = ['types.ts', 'cli/b.ts', 'cli/c.ts', 'cli/d.ts', 'cli/e.ts', 'cli/f.ts'];
    expect(readImports('cli/a.ts', source)).toEqual(files);
  });

  test.each([
    [
      'config/a.ts',
      'supervisor/b.ts',
      'config/a.ts (config, row 1) imports supervisor/b.ts (supervisor, row 3).',
    ],
    ['errors.ts', 'catalog/a.ts', 'errors.ts (ground, row 0) imports catalog/a.ts (catalog, row 1).'],
    ['supervisor/a.ts', 'uber.ts', 'supervisor/a.ts (supervisor, row 3) imports uber.ts (run, row 4).'],
  ])('catches the upward arrow %s -> %s', (from, to, sentence) => {
    expect(findWrongArrows(new Map([[from, [to]]]))).toEqual([sentence]);
  });

  test.each([
    ['another room of its own row', 'config/a.ts', 'catalog/b.ts'],
    ['more than plain data, from inside a thread', 'inside/a.ts', 'logs/b.ts'],
    ['a folder that has no row', 'cli/a.ts', 'unheard-of/b.ts'],
    ['a file outside the launcher', 'cli/a.ts', '../scripts/b.ts'],
  ])('catches an import of %s', (_what, from, to) => {
    expect(findWrongArrows(new Map([[from, [to]]]))).toHaveLength(1);
  });

  test('lets imports of lower rooms and of the own room pass', () => {
    const table: ImportTable = new Map([
      ['cli/commands/up.ts', ['uber.ts', 'cli/output/text.ts', 'errors.ts']],
      ['placement/thread.ts', ['logs/log-pump.ts', 'protocol.ts']],
      ['start-uber.ts', ['uber.ts']],
    ]);
    expect(findWrongArrows(table)).toEqual([]);
  });

  test('catches a circle, and says where it goes', () => {
    const table: ImportTable = new Map([
      ['cli/main.ts', ['a.ts']],
      ['a.ts', ['b.ts', 'd.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['a.ts']],
      ['d.ts', []],
    ]);
    expect(findCircles(table)).toEqual(['a.ts -> b.ts -> c.ts -> a.ts']);
  });

  test('takes two ways to the same file for no circle', () => {
    const table: ImportTable = new Map([
      ['a.ts', ['b.ts', 'c.ts']],
      ['b.ts', ['d.ts']],
      ['c.ts', ['d.ts']],
    ]);
    expect(findCircles(table)).toEqual([]);
  });
});

function readLauncher(): ImportTable {
  const folder = join(import.meta.dirname, '..', 'launcher');
  const files = globSync('**/*.ts', { cwd: folder }).map((path) => path.split(sep).join('/'));
  return new Map(files.map((path) => [path, readImports(path, readFileSync(join(folder, path), 'utf8'))]));
}
