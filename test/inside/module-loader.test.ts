// Modules from the cache are the modules that Node would have loaded: the same values, and never an old text.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleStore } from '../../launcher/build/module-store.ts';
import { startUber, type UberHandle } from '../../launcher/index.ts';
import type { ModuleIndex } from '../../launcher/module-image.ts';
import { makeProject, type TestProject } from '../support/project.ts';

const CONFIG = JSON.stringify({ services: { foo: './foo/index.js' } });

/** A service that answers with what `module.exports` of its file `answer.js` gives. */
const SERVICE = {
  'uber.config.json': CONFIG,
  'foo/package.json': '{ "type": "commonjs" }',
  'foo/index.js': `
    const answer = require('./answer');
    require('node:http').createServer(async (request, response) => {
      response.end(JSON.stringify(await answer(request.url)));
    }).listen(process.env.PORT);`,
};

async function ask(uber: UberHandle, path = '/'): Promise<unknown> {
  return (await fetch(uber.url('foo') + path, { headers: { connection: 'close' } })).json();
}

/** Starts, asks, stops: what it has loaded is remembered then. */
async function run(project: TestProject, path?: string): Promise<unknown> {
  await using uber = await startUber({ cwd: project.root });
  return await ask(uber, path);
}

/** What the next start finds in the cache. */
function index(project: TestProject): ModuleIndex {
  const store = new ModuleStore(project.path('.uber', 'cache', 'build'), true);
  const key = JSON.stringify([project.path('foo', 'index.js'), process.execArgv, '', '']);
  const { index: text } = store.image('foo', key);
  return text === '' ? { paths: [], places: [], resolutions: [] } : (JSON.parse(text) as ModuleIndex);
}

/** The modules among it, without those of uber. */
function known(project: TestProject): string[] {
  const { paths, places } = index(project);
  const own = paths.slice(0, places.length).filter((path) => path.startsWith(project.root));
  return own.map((path) => path.slice(project.root.length + 1).replaceAll('\\', '/')).sort();
}

test('a module sees of itself what it sees in Node, from the cache as before', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'foo/answer.js': `#!/usr/bin/env node
        const self = module; const { dirname } = require('path');
        const data = require('./data.json');
        const dynamic = require('./' + ['d', 'y', 'n'].join(''));
        require('./a');
        module.exports = () => ({
          filename: __filename, dirname: __dirname, this: this === exports, arguments: arguments.length,
          isMain: require.main === module, main: require.main.filename, parent: module.parent.filename,
          children: module.children.map((child) => child.id), paths: module.paths, loaded: module.loaded,
          id: module.id, cached: require.cache[__filename] === self, resolve: require.resolve('dep'),
          lookup: require.resolve.paths('dep'), extensions: Object.keys(require.extensions),
          names: [require.name, require.length, require.resolve.name, Object.keys(require)],
          data, dynamic, dep: require('dep'), same: require('dep') === require('dep/index.js'),
          stack: new Error('here').stack.split('\\n')[1].trim(),
          circular: require('./b').seen, dir: dirname(__filename) === __dirname,
          missing: attempt(() => require('./missing')), bad: attempt(() => require('./throws')),
          again: attempt(() => require('./throws')), unloaded: require.cache[require.resolve('./throws')] === undefined,
          builtin: require('fs') === require('node:fs'), strict: require('./strict'),
        });
        function attempt(call) { try { return call(); } catch (error) { return error.code ?? error.stack.split('\\n').slice(0, 2); } }`,
      'foo/data.json': '{ "one": 1 }',
      'foo/dyn.js': `exports.value = 'é'; exports.line = new Error().stack.split('\\n')[1].trim();`,
      'foo/a.js': `exports.early = 1; exports.b = require('./b'); exports.late = 2;`,
      'foo/b.js': `const a = require('./a'); exports.seen = Object.keys(a); exports.plain = () => Object.getPrototypeOf(a) === Object.prototype;`,
      'foo/throws.js': `throw new Error('thrown'); `,
      'foo/strict.js': `'use strict'; module.exports = (function () { return this === undefined; })();`,
      'foo/node_modules/dep/package.json': '{ "main": "./index.js" }',
      'foo/node_modules/dep/index.js': `module.exports = { name: 'dep', file: __filename };`,
    },
    packages: false,
  });
  const first = await run(project);
  expect(known(project)).toEqual([
    'foo/a.js',
    'foo/answer.js',
    'foo/b.js',
    'foo/dyn.js',
    'foo/index.js',
    'foo/node_modules/dep/index.js',
    'foo/strict.js',
    'foo/throws.js',
  ]);
  expect(first).toMatchObject({ circular: ['early'], strict: true, isMain: false, arguments: 5 });
  // As in Node.
  expect(first).toMatchObject({ names: ['require', 1, 'resolve', expect.anything()] });
  expect(await run(project)).toEqual(first);
});

test('a source that has changed is read, in a new run and after a restart', async () => {
  using project = makeProject({
    files: { ...SERVICE, 'foo/answer.js': 'module.exports = () => "one";' },
    packages: false,
  });
  expect(await run(project)).toBe('one');
  expect(known(project)).toContain('foo/answer.js');
  // As long as before: only its content tells.
  project.write({ 'foo/answer.js': 'module.exports = () => "two";' });
  expect(known(project)).not.toContain('foo/answer.js');
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber)).toBe('two');
  project.write({ 'foo/answer.js': 'module.exports = () => "six";' });
  await uber.restart('foo');
  expect(await ask(uber)).toBe('six');
});

test('a module that is loaded again, or for the first time after the start, is read then', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'foo/answer.js': `
        require('./now');
        module.exports = (url) => {
          delete require.cache[require.resolve('./now')];
          return [require('./now'), url === '/late' ? require('./late') : null];
        };`,
      'foo/now.js': 'module.exports = "one";',
      'foo/late.js': 'module.exports = "one";',
    },
    packages: false,
  });
  expect(await run(project, '/late')).toEqual(['one', 'one']);
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber)).toEqual(['one', null]);
  project.write({ 'foo/now.js': 'module.exports = "two";', 'foo/late.js': 'module.exports = "two";' });
  expect(await ask(uber, '/late')).toEqual(['two', 'two']);
});

test('a package, a file or a main field that has come since leads elsewhere', async () => {
  const files = {
    ...SERVICE,
    'foo/answer.js': `
      const found = [require('dep'), require('./folder'), require('main')];
      module.exports = () => found;`,
    'node_modules/dep/index.js': 'module.exports = "far";',
    'foo/folder/index.js': 'module.exports = "folder";',
    'node_modules/main/package.json': '{ "main": "one.js" }',
    'node_modules/main/one.js': 'module.exports = "one";',
    'node_modules/main/two.js': 'module.exports = "two";',
  };
  using project = makeProject({ files, packages: false });
  expect(await run(project)).toEqual(['far', 'folder', 'one']);
  expect(await run(project)).toEqual(['far', 'folder', 'one']);
  project.write({
    'foo/node_modules/dep/index.js': 'module.exports = "near";',
    'foo/folder.js': 'module.exports = "file";',
    'node_modules/main/package.json': '{ "main": "two.js" }',
  });
  expect(await run(project)).toEqual(['near', 'file', 'two']);
});

/** Which specifiers of a file the next start need not look for. */
function resolved(project: TestProject, file: string): (string | number)[] {
  const store = new ModuleStore(project.path('.uber', 'cache', 'build'), true);
  const { index } = store.image(
    'foo',
    JSON.stringify([project.path('foo', 'index.js'), process.execArgv, '', '']),
  );
  const { paths, resolutions } = JSON.parse(index) as ModuleIndex;
  const [, ...pairs] = resolutions.find(([from]) => paths[Number(from)] === project.path(file)) ?? [];
  return pairs.filter((value) => typeof value === 'string');
}

test('a linked package leads where it leads now', async () => {
  const files = {
    ...SERVICE,
    'foo/answer.js': `
      const found = [require('linked/utils'), require('linked'), require('./folder')];
      module.exports = () => found;`,
    'foo/folder/package.json': '{ "main": "./lib" }',
    'foo/folder/lib/index.js': 'module.exports = "deep";',
    'linked/package.json': '{ "main": "./dist/index.js" }',
    'linked/index.js': 'module.exports = "not built";',
    'linked/dist/README': '',
    'linked/utils/index.js': 'module.exports = "folder";',
  };
  using project = makeProject({ files, packages: false });
  mkdirSync(project.path('node_modules'));
  symlinkSync(project.path('linked'), project.path('node_modules', 'linked'), 'junction');
  expect(await run(project)).toEqual(['folder', 'not built', 'deep']);
  expect(await run(project)).toEqual(['folder', 'not built', 'deep']);
  rmSync(project.path('linked', 'utils'), { recursive: true });
  project.write({
    'linked/utils.js': 'module.exports = "file";',
    'linked/dist/index.js': 'module.exports = "built";',
    'foo/folder/lib.js': 'module.exports = "flat";',
  });
  expect(await run(project)).toEqual(['file', 'built', 'flat']);
});

test('what comes while a service runs is found by the next one', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'foo/answer.js': `const found = [require('dep'), require('./sub/folder')]; module.exports = () => found;`,
      'node_modules/dep/index.js': 'module.exports = "far";',
      'foo/sub/folder/index.js': 'module.exports = "folder";',
    },
    packages: false,
  });
  {
    await using uber = await startUber({ cwd: project.root });
    expect(await ask(uber)).toEqual(['far', 'folder']);
    project.write({
      'foo/node_modules/dep/index.js': 'module.exports = "near";',
      'foo/sub/folder.js': 'module.exports = "file";',
    });
  }
  expect(await run(project)).toEqual(['near', 'file']);
  // Where its modules are known already, what they require is learnt again.
  expect(resolved(project, 'foo/answer.js')).toEqual(['dep', './sub/folder']);
});

test('import() and ES modules work in and beside what is cached', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'foo/answer.js': `
        /** @type {import('./types').Answer} */
        const typed = 1;
        const { load } = require('./loads');
        const evaluated = () => eval('imp' + 'ort("./esm.mjs")');
        module.exports = async () =>
          [typed, (await load()).default, require('./esm.mjs').default, (await evaluated()).default];`,
      'foo/loads.js': `exports.load = () => import('./esm.mjs');`,
      'foo/esm.mjs': 'export default "module";',
    },
    packages: false,
  });
  const answer = [1, 'module', 'module', 'module'];
  expect(await run(project)).toEqual(answer);
  expect(known(project)).toEqual(['foo/answer.js', 'foo/index.js']);
  expect(await run(project)).toEqual(answer);
});

test('a program that changes how modules are found or loaded sees every module', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'foo/answer.js': `
        const Module = require('module'); const seen = { load: 0, compile: 0, resolve: 0, hook: 0, js: 0 };
        const { _load, _resolveFilename } = Module; const js = Module._extensions['.js'];
        Module._load = function (...args) { seen.load += 1; return _load.apply(this, args); };
        require('./one'); Module._load = _load;
        Module._extensions['.js'] = function (module, filename) {
          seen.js += 1; const compile = module._compile;
          module._compile = function (code, name) { seen.compile += 1; return compile.call(this, code + ';exports.added = 1', name); };
          js(module, filename);
        };
        const two = require('./two'); Module._extensions['.js'] = js;
        Module._resolveFilename = function (...args) { seen.resolve += 1; return _resolveFilename.apply(this, args); };
        require('./three'); Module._resolveFilename = _resolveFilename;
        Module.registerHooks({ load(url, context, next) { seen.hook += 1; return next(url, context); } });
        require('./four');
        module.exports = () => ({ ...seen, two });`,
      'foo/one.js': '',
      'foo/two.js': '',
      'foo/three.js': '',
      'foo/four.js': '',
    },
    packages: false,
  });
  const first = await run(project);
  expect(first).toMatchObject({ load: 1, js: 1, compile: 1, resolve: 1, two: { added: 1 } });
  expect((first as { hook: number }).hook).toBeGreaterThan(0);
  expect(await run(project)).toEqual(first);
  expect(await run(project)).toEqual(first);
});

test('what NODE_OPTIONS preloads sees every module, each time', async () => {
  using project = makeProject({
    files: {
      ...SERVICE,
      'preload.cjs': `
        const Module = require('module'); const seen = globalThis.seen = { require: [], compile: [] };
        const { require: original, _compile } = Module.prototype;
        Module.prototype.require = function (name) { seen.require.push(name); return original.call(this, name); };
        Module.prototype._compile = function (code, file, ...rest) {
          seen.compile.push(require('path').basename(file)); return _compile.call(this, code, file, ...rest);
        };`,
      'foo/answer.js': `
        require('./one');
        module.exports = () => [seen.require.filter((name) => name.startsWith('.')), seen.compile];`,
      'foo/one.js': '',
    },
    packages: false,
  });
  const NODE_OPTIONS = `--require ${JSON.stringify(project.path('preload.cjs'))}`;
  project.write({
    'uber.config.json': JSON.stringify({
      services: { foo: { entry: './foo/index.js', env: { NODE_OPTIONS } } },
    }),
  });
  const all = [
    expect.arrayContaining(['./answer', './one']),
    expect.arrayContaining(['index.js', 'answer.js', 'one.js']),
  ];
  expect(await run(project)).toEqual(all);
  expect(await run(project)).toEqual(all);
});

test('damaged entries are ignored and made anew', async () => {
  using project = makeProject({
    files: { ...SERVICE, 'foo/answer.js': 'module.exports = () => "right";' },
    packages: false,
  });
  await run(project);
  const whole = known(project);
  const folder = project.path('.uber', 'cache', 'build');
  const entries = (): string[] =>
    readdirSync(folder).filter((name) => /\.(?:pack|modules\.json)$/.test(name));
  const damages: ((path: string) => void)[] = [
    (path) => writeFileSync(path, ''),
    (path) => writeFileSync(path, readFileSync(path).subarray(0, -9)),
    (path) => writeFileSync(path, readFileSync(path).fill(0, 40, 60)),
    (path) => writeFileSync(path, '{"paths":["/x"],"modules":1}'),
    (path) => rmSync(path),
  ];
  for (const damage of damages) {
    for (const ending of ['.pack', '.modules.json']) {
      for (const name of entries().filter((entry) => entry.endsWith(ending))) damage(join(folder, name));
      expect(known(project)).toEqual([]);
      expect(await run(project)).toBe('right');
      expect(known(project)).toEqual(whole);
    }
  }
});

test('two runs that learn at once leave one whole cache', async () => {
  using project = makeProject({
    files: { ...SERVICE, 'foo/answer.js': 'module.exports = () => "right";' },
    packages: false,
  });
  const answers = await Promise.all([run(project), run(project), run(project)]);
  expect(answers).toEqual(['right', 'right', 'right']);
  expect(known(project)).toEqual(['foo/answer.js', 'foo/index.js']);
});

test('what is installed anew with the same content is known again at the start after the next', async () => {
  const files = {
    ...SERVICE,
    'foo/answer.js': `module.exports = require('dep');`,
    'node_modules/dep/package.json': '{ "main": "main.js" }',
    'node_modules/dep/main.js': 'module.exports = () => require("./one");',
    'node_modules/dep/one.js': 'module.exports = 1;',
  };
  using project = makeProject({ files, packages: false });
  await run(project);
  const before = index(project);
  expect(before.resolutions.length).toBe(3);
  for (const [name, text] of Object.entries(files)) {
    if (!name.startsWith('node_modules')) continue;
    rmSync(project.path(name));
    project.write({ [name]: text });
  }
  expect(index(project).resolutions.length).toBeLessThan(3);
  expect(index(project).places.length).toBe(before.places.length);
  expect(await run(project)).toBe(1);
  expect(index(project).resolutions.length).toBe(3);
});
