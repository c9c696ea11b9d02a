import { relative } from 'node:path';
import { findEntry, isServiceFile } from '../../launcher/catalog/entry-file.ts';
import { makeProject } from '../support/project.ts';

test.each([
  [{ 'index.ts': '', 'index.js': '' }, 'index.ts'],
  [
    { 'src/index.ts': '', 'package.json': '{ "main": "dist/index.js" }', 'dist/index.js': '' },
    'src/index.ts',
  ],
  [{ 'package.json': '{ "main": "lib/start" }', 'lib/start.js': '', 'app.js': '' }, 'lib/start.js'],
  [{ 'package.json': '{ "main": "dist/gone.js" }', 'server.js': '' }, 'server.js'],
  [{ 'package.json': '{ broken', 'main.cjs': '' }, 'main.cjs'],
  [{ 'readme.md': '' }, null],
])('of %j the entry is %s', (files, expected) => {
  using project = makeProject({
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`s/${name}`, text])),
  });
  const place = findEntry(project.path('s'));
  expect(place === null ? null : relative(project.path('s'), place.entry)).toBe(expected);
});

test('a file is its own entry, a missing one has none', () => {
  using project = makeProject({ files: { 'tool/cli': '#!/usr/bin/env node' } });
  expect(findEntry(project.path('tool', 'cli'))).toMatchObject({ dir: project.path('tool') });
  expect(findEntry(project.path('nowhere'))).toBeNull();
});

test.each([
  ['foo.ts', true],
  ['foo.mjs', true],
  ['foo.d.ts', false],
  ['foo.test.ts', false],
  ['README.md', false],
])('%s as a service file: %s', (name, expected) => {
  expect(isServiceFile(name)).toBe(expected);
});
