// Services that inject by type: what `emitDecoratorMetadata` makes of their files, and where that ends.
import { startUber } from '../../launcher/start-uber.ts';
import { makeProject } from '../support/project.ts';
import { runUber } from '../support/uber-process.ts';
import { answerOf, shop } from './decorated-shop.ts';

const NEST = {
  'greeter.service.ts': `
    import { Injectable } from '@nestjs/common';
    import { Clock } from './clock.js';
    @Injectable()
    export class Greeter {
      constructor(private readonly clock: Clock) {}
      greet(name: string): string { return \`hello \${name}, \${this.clock.year()}\`; }
    }`,
  'clock.ts':
    "import { Injectable } from '@nestjs/common'; @Injectable() export class Clock { year(): number { return 1970; } }",
  'greeter.controller.ts': `
    import { Controller, Get, Param, Req } from '@nestjs/common';
    import { Request } from 'express';
    import { Greeter } from './greeter.service.js';
    @Controller('greet')
    export class GreeterController {
      constructor(private readonly greeter: Greeter) {}
      @Get(':name') greet(@Param('name') name: string, @Req() request: Request): object {
        return { text: this.greeter.greet(name), method: request.method };
      }
    }`,
  'index.ts': `
    import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { Clock } from './clock.js';
    import { GreeterController } from './greeter.controller.js';
    import { Greeter } from './greeter.service.js';
    @Module({ controllers: [GreeterController], providers: [Greeter, Clock] })
    class AppModule {}
    async function bootstrap(): Promise<void> {
      const app = await NestFactory.create(AppModule);
      app.enableShutdownHooks();
      await app.listen(process.env.PORT ?? 3000);
    }
    bootstrap();`,
};

test.each(['commonjs', 'module'])('a NestJS app answers through an injected service (%s)', async (type) => {
  using project = makeProject({
    files: {
      ...shop(NEST, { target: 'es2023', module: type === 'module' ? 'nodenext' : 'commonjs' }),
      'package.json': JSON.stringify({ type }),
    },
  });
  // The second start finds everything in the cache.
  for (const start of ['first', 'second']) {
    await using uber = await startUber({ cwd: project.root });
    const response = await fetch(`${uber.url('shop')}/greet/${start}`);
    expect(await response.json()).toEqual({ text: `hello ${start}, 1970`, method: 'GET' });
  }
});

/** Metadata of the constructor of each named class, by names. */
const NAMES = `
  export const namesOf = (type: Function): string[] =>
    (Reflect.getMetadata('design:paramtypes', type) ?? []).map((found?: Function) => found?.name ?? 'undefined');`;

const SERVE = `
  import { createServer } from 'node:http';
  export const serve = (value: unknown): unknown => createServer((q, r) => r.end(JSON.stringify(value))).listen(3000);`;

const DEC = "import 'reflect-metadata'; export const Dec = (): any => () => {};";

const TOOLS = { 'dec.ts': DEC, 'names.ts': NAMES, 'serve.ts': SERVE };

test.each(['commonjs', 'module'])(
  'two decorated files that import each other: what is not there yet is undefined (%s)',
  async (type) => {
    using project = makeProject({
      files: {
        ...shop({
          ...TOOLS,
          'a.ts':
            "import { Dec } from './dec'; import { B } from './b'; @Dec() export class A { constructor(readonly b: B) {} }",
          'b.ts':
            "import { Dec } from './dec'; import { A } from './a'; @Dec() export class B { constructor(readonly a: A) {} }",
          'index.ts':
            "import { namesOf } from './names'; import { serve } from './serve'; import { A } from './a'; import { B } from './b'; serve([namesOf(A), namesOf(B)]);",
        }),
        'package.json': JSON.stringify({ type }),
      },
    });
    expect(JSON.parse(await answerOf(project))).toEqual([['B'], ['undefined']]);
  },
);

test('in an ES module types that are imported like classes are Object, and do no harm', async () => {
  using project = makeProject({
    files: shop({
      ...TOOLS,
      'side.ts': "console.log('loaded in order: side');",
      'types.ts':
        "console.log('loaded in order: types'); export interface Shape { a: 1 } export type Alias = { b: 1 }; export class Real {} export default interface Whole { c: 1 }",
      'index.ts': `
        import './side';
        import Whole, { Shape, Alias as Other, Real } from './types';
        import type { Real as OnlyType } from './types';
        import { type Real as Inline } from './types';
        import * as types from './types';
        import { Request } from 'express';
        import { Dec } from './dec';
        import { namesOf } from './names';
        import { serve } from './serve';
        @Dec() export class Foo {
          constructor(a: Whole, b: Shape, c: Other, d: Real, e: OnlyType, f: Inline, g: types.Shape, h: types.Real, i: Request, j: Express.Request) {}
        }
        console.log(import.meta.filename);
        serve([namesOf(Foo), new Real() instanceof Real]);`,
    }),
  });
  const names = [
    'Object',
    'Object',
    'Object',
    'Real',
    'Object',
    'Object',
    'Object',
    'Real',
    'Object',
    'Object',
  ];
  const lines: string[] = [];
  await using uber = await startUber({ cwd: project.root, onLog: ({ text }) => lines.push(text) });
  expect(await (await fetch(uber.url('shop'))).json()).toEqual([names, true]);
  expect(lines).toEqual([
    'loaded in order: side',
    'loaded in order: types',
    project.path('services', 'shop', 'index.ts'),
  ]);
});

test('TSX, .cts and files that only a computed import leads to have metadata too', async () => {
  using project = makeProject({
    files: {
      ...shop(
        {
          ...TOOLS,
          'whole.cts':
            "import 'reflect-metadata'; import path = require('node:path'); class Whole { text = path.basename('a/b'); } export = Whole;",
          'old.cts': `
            import Whole = require('./whole.cts');
            import { namesOf } from './names.ts';
            const Dec: any = () => () => {};
            @Dec() class Old { constructor(readonly whole: Whole) {} }
            export = { names: namesOf(Old), text: new Whole().text };`,
          'view.tsx': `
            import { Dec } from './dec';
            import { create } from './jsx';
            import { Real } from './real';
            @Dec() export class View { constructor(readonly real: Real) {} render(): unknown { return <b class="x">{1}</b>; } }`,
          'jsx.ts': 'export const create = (...all: unknown[]): unknown => all;',
          'real.ts': 'export class Real {}',
          'plugin.ts':
            "import { Dec } from './dec'; import { Real } from './real'; @Dec() export class Plugin { constructor(real: Real) {} }",
          'index.ts': `
            import { namesOf } from './names';
            import { serve } from './serve';
            import { View } from './view';
            import old from './old.cts';
            const name = 'plugin';
            const { Plugin } = await import(\`./\${name}.ts\`);
            serve([old, namesOf(View), new View({}).render(), namesOf(Plugin)]);`,
        },
        { module: 'nodenext', jsx: 'react', jsxFactory: 'create' },
      ),
    },
  });
  expect(JSON.parse(await answerOf(project))).toEqual([
    { names: ['Whole'], text: 'b' },
    ['Real'],
    ['b', { class: 'x' }, 1],
    ['Real'],
  ]);
});

test('fields are defined or assigned, as the tsconfig.json has it', async () => {
  const files = {
    ...TOOLS,
    'index.ts': `
      import { Dec } from './dec';
      import { serve } from './serve';
      class Base { set watched(value: unknown) { throw new Error('assigned'); } }
      @Dec() class Foo extends Base { empty?: string; watched = 1; constructor(readonly name: string) { super(); } }
      const attempt = (): unknown => { try { return Object.keys(new Foo('a')); } catch (error) { return (error as Error).message; } };
      serve(attempt());`,
  };
  using defined = makeProject({ files: shop(files, { target: 'es2022' }) });
  expect(JSON.parse(await answerOf(defined))).toEqual(['name', 'empty', 'watched']);
  using assigned = makeProject({ files: shop(files, { target: 'es2022', useDefineForClassFields: false }) });
  expect(JSON.parse(await answerOf(assigned))).toBe('assigned');
});

test('a stack leads to the line of a decorated class', async () => {
  using project = makeProject({
    files: shop({
      ...TOOLS,
      'index.ts': [
        "import { Dec } from './dec';",
        'interface Erased { name: string }',
        'enum Tone { Calm }',
        '@Dec()',
        'class Foo {',
        '  constructor(private readonly tone: Tone, readonly erased?: Erased) {}',
        '  fail(): never {',
        "    throw new Error('failed ' + this.tone);",
        '  }',
        '}',
        'new Foo(Tone.Calm).fail();',
      ].join('\n'),
    }),
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringContaining('failed 0'),
    serviceStack: expect.stringMatching(/index\.ts:8:11[\s\S]*index\.ts:11:20/),
  });
});

test.each([
  ["const euro = '€'; const é = 1; const x = ;", 'services/shop/index.ts:2:42: Unexpected token'],
  [
    '@Dec() class Bar { constructor(@Dec() ...rest: string[]) {} }',
    'services/shop/index.ts:2:32: Parameter decorators',
  ],
])('what does not compile is named with its place: %s', async (line, message) => {
  using project = makeProject({
    files: shop({
      ...TOOLS,
      'index.ts': `import { Dec } from './dec'; @Dec() class Foo { a?: string }\n${line}\n`,
    }),
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringContaining(message),
    serviceStack: expect.stringContaining(line),
  });
});

test('when what makes metadata cannot be loaded, only files that need it fail, and the error says so', async () => {
  using project = makeProject({
    files: {
      ...shop({ ...TOOLS, 'index.ts': "import { Dec } from './dec'; @Dec() class Foo {}" }),
      'services/plain/index.ts': 'enum Tone { Calm } console.log(Tone.Calm); process.exit(0);',
    },
  });
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: project.path('missing.node') };
  const { stderr, exitCode } = await runUber(['shop'], { cwd: project.root, env });
  expect(stderr).toContain(
    `${project.path('services', 'shop', 'index.ts')} needs decorator metadata ("emitDecoratorMetadata"), but "oxc-transform" cannot be loaded on ${process.platform}-${process.arch}: Cannot find native binding.`,
  );
  expect(stderr).toContain('npm install --include=optional');
  expect(exitCode).toBe(1);
  const plain = await runUber(['plain'], { cwd: project.root, env });
  expect(plain.stderr).toContain('process.exit(0)');
});
