// What only one verb needs is not loaded for the others.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../support/project.ts';

/** All that a file of dist/ loads, without what it loads later. */
function loadedBy(path: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const code = readFileSync(path, 'utf8');
  for (const [, specifier = ''] of code.matchAll(/^(?:import|export)[^'"]*?['"](\.[^'"]+)['"];$/gm))
    loadedBy(join(dirname(path), specifier), seen);
  return seen;
}

test('the parsers of init and doctor are not part of the command line', () => {
  const main = readFileSync(join(REPOSITORY, 'dist', 'cli', 'main.js'), 'utf8');
  const [, chunk = ''] = /import\("(\.\.\/chunks\/command-line[^"]+)"\)/.exec(main) ?? [];
  const loaded = [...loadedBy(join(REPOSITORY, 'dist', 'cli', chunk))].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const packages = new Set(
    loaded.flatMap((code) =>
      [...code.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)/gm)].map(([, name]) => name),
    ),
  );
  expect([...packages]).toEqual(expect.arrayContaining(['yargs']));
  for (const name of ['yaml', 'shell-quote', 'acorn', 'acorn-walk', '@jridgewell/trace-mapping', 'zod'])
    expect(packages).not.toContain(name);
});
