// TypeScript as real services have it: what Node cannot strip, what only a compiler resolves, and where errors point.
import { mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { startUber } from '../../launcher/start-uber.ts';
import { makeProject } from '../support/project.ts';

async function ask(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

test('enums, parameter properties and legacy decorators work', async () => {
  using project = makeProject({
    files: {
      'services/shop/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
      'services/shop/index.ts': `
        enum Size { Small = 'S', Large = 'L' }
        function shout(_target: object, _key: string, descriptor: PropertyDescriptor): void {
          const original = descriptor.value;
          descriptor.value = function (...args: unknown[]) { return String(original.apply(this, args)).toUpperCase(); };
        }
        class Label {
          constructor(private readonly text: string, public size: Size = Size.Large) {}
          @shout
          print(): string { return this.text + this.size; }
        }
        export default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify([new Label('tea').print(), Size.Small]));
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toEqual(['TEAL', 'S']);
});

test('parameter decorators work in imported files as well', async () => {
  using project = makeProject({
    files: {
      'services/shop/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
      'services/shop/label.ts': `
        export const marked: string[] = [];
        function mark(name: string) {
          return (_target: object, key: string, index: number): void => void marked.push([name, key, index].join(' '));
        }
        export class Label { print(@mark('size') size: number): string { return String(size); } }
      `,
      'services/shop/index.ts': `
        import { marked } from './label.ts';
        export default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(marked));
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toEqual(['size print 0']);
});

test('standard decorators work', async () => {
  using project = makeProject({
    files: {
      'services/shop/index.ts': `
        function twice<This>(method: (this: This) => string, _context: ClassMethodDecoratorContext) {
          return function (this: This): string { return method.call(this).repeat(2); };
        }
        class Tea { @twice name(): string { return 'tea'; } }
        export default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(new Tea().name()));
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toBe('teatea');
});

/** A service whose imports only a TypeScript compiler resolves. */
const RESOLUTION = {
  'services/shop/tsconfig.json': '{ "extends": "./base.json" }',
  'services/shop/base.json':
    '{ "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["./src/lib/*"], "config": ["./src/config.ts"] } } }',
  'services/shop/src/lib/price.ts': 'export const price: number = 3;',
  'services/shop/src/config.ts': 'export default { currency: "EUR" };',
  'services/shop/src/old-style.ts': 'export const old: string = "old";',
  'services/shop/src/folder/index.ts': 'export const folder: string = "folder";',
  'services/shop/src/data.json': '{ "rows": [1, 2] }',
  'services/shop/src/plugins/late.ts': 'enum Late { A = "late" } export default Late.A;',
  'packages/money/package.json': '{ "name": "@acme/money", "type": "module", "exports": "./src/index.ts" }',
  'packages/money/src/index.ts': 'enum Unit { Cent = "cent" } export const unit: string = Unit.Cent;',
  'services/shop/index.ts': `
    import { price } from '@lib/price';
    import config from 'config';
    import { old } from './src/old-style.js';
    import { folder } from './src/folder';
    import data from './src/data.json';
    import { unit } from '@acme/money';
    const answer = async () => {
      const late = (await import('./src/plugins/' + ['late'][0] + '.ts')).default;
      return [price, config.currency, old, folder, data.rows, unit, late];
    };
    export default async (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(await answer()));
  `,
};
const RESOLVED = [3, 'EUR', 'old', 'folder', [1, 2], 'cent', 'late'];

test.each(['module', 'commonjs'])(
  'tsconfig paths, extensionless and .js imports, JSON, workspace sources and computed imports resolve in %s',
  async (type) => {
    using project = makeProject({
      files: { ...RESOLUTION, 'services/shop/package.json': `{ "type": "${type}" }` },
      packages: false,
    });
    linkWorkspace(project.root);
    await using uber = await startUber({ cwd: project.root });
    expect(await ask(uber.url('shop'))).toEqual(RESOLVED);
  },
);

test('sources are compiled once: a second run writes nothing to the cache', async () => {
  using project = makeProject({ files: RESOLUTION, packages: false });
  linkWorkspace(project.root);
  const run = async (): Promise<Record<string, number>> => {
    await using uber = await startUber({ cwd: project.root });
    expect(await ask(uber.url('shop'))).toEqual(RESOLVED);
    const folder = project.path('.uber', 'cache', 'build');
    // What threads have loaded is added when they have loaded it.
    const names = readdirSync(folder).filter((name) => !/\.(?:pack|modules\.json)$/.test(name));
    return Object.fromEntries(names.map((name) => [name, statSync(`${folder}/${name}`).mtimeMs]));
  };
  const first = await run();
  expect(await run()).toEqual(first);
});

test('a changed file, a changed tsconfig and a damaged cache are noticed', async () => {
  using project = makeProject({ files: RESOLUTION, packages: false });
  linkWorkspace(project.root);
  const run = async (): Promise<unknown> => {
    await using uber = await startUber({ cwd: project.root });
    return await ask(uber.url('shop'));
  };
  await run();
  project.write({ 'services/shop/src/lib/price.ts': 'export const price: number = 4;' });
  expect(await run()).toEqual([4, ...RESOLVED.slice(1)]);
  project.write({ 'services/shop/src/lib2/price.ts': 'export const price: number = 5;' });
  project.write({
    'services/shop/base.json': RESOLUTION['services/shop/base.json'].replace('src/lib/*', 'src/lib2/*'),
  });
  expect(await run()).toEqual([5, ...RESOLVED.slice(1)]);
  for (const name of readdirSync(project.path('.uber', 'cache', 'build'))) {
    if (name.endsWith('.graph.json')) project.write({ [`.uber/cache/build/${name}`]: '{ "half' });
  }
  expect(await run()).toEqual([5, ...RESOLVED.slice(1)]);
});

test('a stack points at the line of the TypeScript source', async () => {
  using project = makeProject({
    files: {
      'services/shop/index.ts': [
        'interface Erased { a: number }',
        'enum Kept { A = 1 }',
        '',
        'function fail(x: Erased): never {',
        '  throw new Error([x.a, Kept.A].join());',
        '}',
        "export default (q: unknown, r: import('node:http').ServerResponse) => {",
        '  try { fail({ a: 1 }); } catch (error) { r.end((error as Error).stack); }',
        '};',
      ].join('\n'),
    },
  });
  await using uber = await startUber({ cwd: project.root });
  const stack = await (await fetch(uber.url('shop'))).text();
  expect(stack).toContain(`${project.path('services', 'shop', 'index.ts')}:5:9`);
  expect(stack).toContain(`${project.path('services', 'shop', 'index.ts')}:8:9`);
});

/** As `npm install` links a workspace. */
function linkWorkspace(root: string): void {
  mkdirSync(`${root}/node_modules/@acme`, { recursive: true });
  symlinkSync(`${root}/packages/money`, `${root}/node_modules/@acme/money`, 'junction');
}

/** A service whose imports are known only when they happen. */
const COMPUTED = {
  'services/shop/tools/hammer.ts': 'enum Kind { Hammer = "hammer" } export const kind: string = Kind.Hammer;',
  'services/shop/tools/saw/index.ts':
    'import { steel } from "../steel"; export const kind: string = "saw of " + steel;',
  'services/shop/tools/steel.ts': 'enum Metal { Steel = "steel" } export const steel: string = Metal.Steel;',
  'services/shop/tools/broken.ts': 'export const kind: string = ;',
  'services/shop/index.ts': `
    const load = async (name: string): Promise<string> => {
      try {
        return (await import(name)).kind;
      } catch (error) {
        return String(error).replace(/^.*?services/, '');
      }
    };
    export default async (q: { url?: string }, r: import('node:http').ServerResponse) =>
      r.end(JSON.stringify(await load('.' + q.url)));
  `,
};

test.each(['module', 'commonjs'])(
  'files that no static import leads to are compiled when they are asked for, in %s',
  async (type) => {
    using project = makeProject({
      files: { ...COMPUTED, 'services/shop/package.json': `{ "type": "${type}" }` },
    });
    await using uber = await startUber({ cwd: project.root });
    const kindOf = (path: string): Promise<unknown> => ask(`${uber.url('shop')}${path}`);
    expect(await kindOf('/tools/hammer.ts')).toBe('hammer');
    expect(await kindOf('/tools/hammer')).toBe('hammer');
    expect(await kindOf('/tools/hammer.js')).toBe('hammer');
    expect(await kindOf('/tools/saw')).toBe('saw of steel');
    expect(await kindOf('/tools/broken.ts')).toBe('/shop/tools/broken.ts:1:29: Unexpected ";"');
    expect(await kindOf('/tools/nothing')).toContain('tools/nothing');
  },
);

test('a .ts file without "type" is CommonJS, unless it needs to be an ES module', async () => {
  using project = makeProject({
    files: {
      'services/shop/package.json': '{}',
      'services/shop/awaits.ts': 'export const awaited: number = await Promise.resolve(1);',
      'services/shop/asks.ts': 'export const asked: string = import.meta.url;',
      'services/shop/classic.ts': 'export const classic: string = __filename;',
      'services/shop/index.ts': `
        import { asked } from './asks';
        import { classic } from './classic';
        const rest = import('./awaits.ts' as string).then((module) => module.awaited, (error) => String(error));
        export default async (q: unknown, r: import('node:http').ServerResponse) =>
          r.end(JSON.stringify([asked, classic, await rest, typeof require]));
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toEqual([
    pathToFileURL(project.path('services', 'shop', 'asks.ts')).href,
    project.path('services', 'shop', 'classic.ts'),
    expect.stringMatching(/^1$|ERR_REQUIRE_ASYNC_MODULE|top-level await/),
    'function',
  ]);
});

test('top-level await in the entry makes it an ES module', async () => {
  using project = makeProject({
    files: {
      'services/shop/package.json': '{}',
      'services/shop/index.ts': `
        enum Kind { Tea = 'tea' }
        const value = await Promise.resolve(Kind.Tea);
        export default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(value));
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toBe('tea');
});

test('a file that comes to stand before the one an import led to is noticed', async () => {
  using project = makeProject({
    files: {
      'services/shop/index.ts':
        "import { from } from './util'; export default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(from));",
      'services/shop/util/index.ts': "export const from: string = 'folder';",
    },
  });
  const run = async (): Promise<unknown> => {
    await using uber = await startUber({ cwd: project.root });
    return await ask(uber.url('shop'));
  };
  expect(await run()).toBe('folder');
  project.write({ 'services/shop/util.ts': "export const from: string = 'file';" });
  expect(await run()).toBe('file');
});

test('a comment about import.meta does not make a CommonJS file an ES module', async () => {
  using project = makeProject({
    files: {
      'services/shop/package.json': '{}',
      'services/shop/index.ts':
        "// import.meta.url would do too\nexport default (q: unknown, r: import('node:http').ServerResponse) => r.end(JSON.stringify(__dirname));",
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await ask(uber.url('shop'))).toBe(project.path('services', 'shop'));
});

test('a tsconfig that cannot be read is named', async () => {
  using project = makeProject({
    files: {
      'services/shop/index.ts': 'export default (): void => {};',
      'services/shop/tsconfig.json': '{ "extends": "./missing.json" }',
    },
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    service: 'shop',
    message: expect.stringContaining(project.path('services', 'shop', 'index.ts')),
  });
});
