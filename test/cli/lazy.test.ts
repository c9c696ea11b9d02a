// What only one verb needs is not loaded for the others.
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
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

/** The code of all that the help loads. */
function codeOfCommandLine(): string[] {
  const main = readFileSync(join(REPOSITORY, 'dist', 'cli', 'main.js'), 'utf8');
  const [, chunk = ''] = /import\("(\.\.\/chunks\/command-line[^"]+)"\)/.exec(main) ?? [];
  return [...loadedBy(join(REPOSITORY, 'dist', 'cli', chunk))].map((path) => readFileSync(path, 'utf8'));
}

test('the parsers of init and doctor are not part of the command line', () => {
  const packages = new Set(
    codeOfCommandLine().flatMap((code) =>
      [...code.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)/gm)].map(([, name]) => name),
    ),
  );
  expect([...packages]).toEqual(expect.arrayContaining(['yargs']));
  for (const name of ['yaml', 'shell-quote', 'acorn', 'acorn-walk', '@jridgewell/trace-mapping', 'zod'])
    expect(packages).not.toContain(name);
});

test('what verbs do is not part of the command line', () => {
  const sources = codeOfCommandLine().flatMap((code) =>
    [...code.matchAll(/^\/\/ launcher\/(\S+)$/gm)].map(([, path = '']) => path),
  );
  expect(sources).toEqual(expect.arrayContaining(['cli/command-line.ts', 'cli/commands/up.ts']));
  expect(sources.filter((path) => /^(?:uber|cli\/verbs\/.*|catalog\/.*|control\/.*)\b/.test(path))).toEqual(
    [],
  );
});

test('modules of Node are read, and not imported: that would load more of them', () => {
  const scripts = globSync('dist/{index,cli/*,chunks/*}.js', { cwd: REPOSITORY });
  expect(scripts.length).toBeGreaterThan(10);
  const imported = scripts.flatMap((path) => {
    const code = readFileSync(join(REPOSITORY, path), 'utf8');
    return [...code.matchAll(/^import .* from ["']([^."'][^"']*)["'];?$/gm)].map(([, name = '']) => name);
  });
  expect(imported.filter(isBuiltin)).toEqual([]);
});
