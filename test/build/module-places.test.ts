// What a resolution depends on: each of the changes by which Node would find another file must be among it.
import { sep } from 'node:path';
import { placesOf } from '../../launcher/build/module-places.ts';

const onDisk = (path: string): string => path.replaceAll('/', sep);

test.each<[string, string, string, string[]]>([
  ['a file beside it', '/p/a.js', '/p/b.js', ['/p']],
  ['a file in a folder below', '/p/a.js', '/p/lib/b.js', ['/p/lib', '/p/lib/b/package.json']],
  [
    'a package, past all places where a nearer one may come',
    '/p/services/a/index.js',
    '/p/node_modules/b/lib/index.js',
    [
      '/p/services/a/node_modules',
      '/p/services/node_modules',
      '/p/node_modules',
      '/p/node_modules/b/package.json',
      '/p/node_modules/b/lib/package.json',
    ],
  ],
  [
    'a package of a scope',
    '/p/a.js',
    '/p/node_modules/@s/b/index.js',
    ['/p/node_modules', '/p/node_modules/@s', '/p/node_modules/@s/b/package.json'],
  ],
  [
    'a package of a package',
    '/p/node_modules/a/index.js',
    '/p/node_modules/b/index.js',
    ['/p/node_modules/a/node_modules', '/p/node_modules', '/p/node_modules/b/package.json'],
  ],
  [
    'a linked package',
    '/p/a.js',
    '/p/packages/b/src/index.js',
    ['/p/node_modules', '/p/packages/b/package.json', '/p/packages/b/src/package.json', '/p/package.json'],
  ],
])('%s', (_what, from, to, expected) => {
  const specifiers: Record<string, string> = {
    '/p/b.js': './b',
    '/p/lib/b.js': './lib/b',
    '/p/node_modules/b/lib/index.js': 'b',
    '/p/node_modules/@s/b/index.js': '@s/b',
    '/p/node_modules/b/index.js': 'b/index.js',
    '/p/packages/b/src/index.js': 'b',
  };
  const places = placesOf(onDisk(from), specifiers[to] ?? '', onDisk(to));
  expect(places).toEqual(expect.arrayContaining(expected.map(onDisk)));
});

test('a specifier that leads into the package itself depends on its package.json', () => {
  const places = placesOf(onDisk('/p/src/a.js'), '#b', onDisk('/p/src/b.js'));
  expect(places).toEqual(expect.arrayContaining(['/p/package.json', '/p/src/package.json'].map(onDisk)));
});
