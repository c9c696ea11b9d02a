// Every form a service may have, in every language and module system, unchanged.
import { startUber } from '../../launcher/start-uber.ts';
import { makeProject } from '../support/project.ts';

/** Body of each form; `EXPORT` becomes the export statement of the module system. */
const FORMS: Record<string, { head: string[]; body: string; value: string | null }> = {
  'define-service': {
    head: ['uberservice:defineService', 'node:http:createServer'],
    body: '',
    value:
      'defineService({ start(ctx) { return createServer((q, r) => r.end(ctx.name + " " + ctx.port + " " + ctx.run.id)) } })',
  },
  'plain-object': {
    head: [],
    body: '',
    value: '{ async start(ctx) { return (q, r) => r.end(ctx.name + " " + ctx.port + " " + ctx.run.id) } }',
  },
  factory: {
    head: ['express'],
    body: '',
    value:
      '(ctx) => { const app = express(); app.get("/", (q, r) => r.send(ctx.name + " " + ctx.port + " " + ctx.run.id)); return app }',
  },
  'factory-without-parameter': {
    head: ['node:http:createServer'],
    body: 'const e = process.env;',
    value:
      '() => createServer((q, r) => r.end(e.UBER_SERVICE + " " + e.PORT + " " + e.UBER_RUN_ID)).listen(Number(e.PORT))',
  },
  app: {
    head: ['express'],
    body: 'const app = express(); const e = process.env; app.get("/", (q, r) => r.send(e.UBER_SERVICE + " " + e.PORT + " " + e.UBER_RUN_ID));',
    value: 'app',
  },
  server: {
    head: ['node:http:createServer'],
    body: 'const e = process.env;',
    value: 'createServer((q, r) => r.end(e.UBER_SERVICE + " " + e.PORT + " " + e.UBER_RUN_ID))',
  },
  listener: {
    head: [],
    body: 'const e = process.env;',
    value: '(q, r) => r.end(e.UBER_SERVICE + " " + e.PORT + " " + e.UBER_RUN_ID)',
  },
  'class-with-run': {
    head: ['node:http:createServer'],
    body: 'class Main { answer(ctx) { return ctx.name + " " + ctx.port + " " + ctx.run.id } run(ctx) { createServer((q, r) => r.end(this.answer(ctx))).listen(ctx.port, ctx.host) } }',
    value: 'Main',
  },
  program: {
    head: ['node:http:createServer'],
    body: 'const e = process.env; createServer((q, r) => r.end(e.UBER_SERVICE + " " + e.PORT + " " + e.UBER_RUN_ID)).listen(3000);',
    value: null,
  },
};

const LANGUAGES = ['mts', 'cts', 'mjs', 'cjs'] as const;

function source(form: string, language: (typeof LANGUAGES)[number]): string {
  const { head, body, value } = FORMS[form] as (typeof FORMS)[string];
  const isCommonJs = language.startsWith('c');
  const isTypeScript = language.endsWith('ts');
  const imports = head.map((name) => {
    const [module, member] = name.includes(':')
      ? [name.slice(0, name.lastIndexOf(':')), name.slice(name.lastIndexOf(':') + 1)]
      : [name, null];
    if (isCommonJs && !isTypeScript)
      return `const ${member === null ? module : `{ ${member} }`} = require('${module}');`;
    return `import ${member === null ? module : `{ ${member} }`} from '${module}';`;
  });
  const typed = isTypeScript
    ? 'enum Kind { A = "a" }; interface Box<T> { value: T }; const box: Box<Kind> = { value: Kind.A }; void box;'
    : '';
  const exported =
    value === null
      ? ''
      : isCommonJs && !isTypeScript
        ? `module.exports = ${value};`
        : `export default ${value};`;
  return [...imports, typed, body, exported].join('\n');
}

const CASES = Object.keys(FORMS).flatMap((form) =>
  LANGUAGES.map((language) => ({ form, language, name: `${form}-${language}` })),
);

test('every form runs in TypeScript and JavaScript, as ES module and CommonJS', async () => {
  using project = makeProject({
    files: Object.fromEntries(
      CASES.map(({ form, language, name }) => [`services/${name}/index.${language}`, source(form, language)]),
    ),
  });
  await using uber = await startUber({ cwd: project.root });
  const answers = await Promise.all(
    CASES.map(async ({ name }) => [name, await fetch(uber.url(name)).then((response) => response.text())]),
  );
  const expected = CASES.map(({ name }) => [name, `${name} ${new URL(uber.url(name)).port} ${uber.runId}`]);
  expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(expected));
});

/** The frameworks the contract names, as their own documentation has it; none of them listens here. */
const FRAMEWORKS = {
  express:
    "import express from 'express'; const app = express(); app.get('/', (q, r) => r.json({ by: 'express' })); export default app;",
  koa: "import Koa from 'koa'; const app = new Koa(); app.use((ctx) => { ctx.body = { by: 'koa' }; }); export default app;",
  fastify:
    "import Fastify from 'fastify'; const app = Fastify(); app.get('/', async () => ({ by: 'fastify' })); export default app;",
  hono: "import { Hono } from 'hono'; const app = new Hono(); app.get('/', (c) => c.json({ by: 'hono' })); export default app;",
};

test('an exported app of Express, Koa, Fastify or Hono is served', async () => {
  const names = ['express', 'koa', 'fastify', 'hono'] as const;
  using project = makeProject({
    files: Object.fromEntries(names.map((name) => [`services/${name}-app.mjs`, FRAMEWORKS[name]])),
  });
  await using uber = await startUber({ cwd: project.root });
  for (const name of names) {
    expect(await (await fetch(uber.url(`${name}-app`))).json()).toEqual({ by: name });
  }
});

test('a .js file without "type" may be either kind of module', async () => {
  using project = makeProject({
    files: {
      'services/package.json': '{}',
      'services/esm.js': 'export default (q, r) => r.end("esm");',
      'services/waits.js':
        'const text = await Promise.resolve("waits"); export default (q, r) => r.end(text);',
      'services/cjs.js': 'module.exports = (q, r) => r.end(String(require.main === module));',
      'services/compiled.js':
        'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = (q, r) => r.end("compiled");',
    },
  });
  await using uber = await startUber({ cwd: project.root });
  const text = async (name: string): Promise<string> => (await fetch(uber.url(name))).text();
  expect(await Promise.all(['esm', 'waits', 'cjs', 'compiled'].map(text))).toEqual([
    'esm',
    'waits',
    'true',
    'compiled',
  ]);
});

/** Each counts its starts, and answers with the number. */
const STARTED_BY_THEMSELVES = {
  'object.cjs': `
    const start = async () => { await null; served() };
    module.exports = { start };
    if (require.main === module) start().catch(console.error);`,
  'instance.cjs': `
    class App { async start() { await null; served() } }
    const app = new App();
    app.start();
    module.exports = app;`,
  'at-once.cjs': `
    class App { run() { served() } }
    new App().run();
    module.exports = App;`,
  'awaited.mjs': `
    class App { async start() { served() } }
    const app = new App();
    await app.start();
    export default app;`,
  'function.cjs': `
    async function bootstrap() { await null; served() }
    module.exports = bootstrap;
    bootstrap();`,
};

const SERVED = `
  const { createServer } = process.getBuiltinModule('node:http');
  let starts = 0;
  function served() { starts += 1; createServer((q, r) => r.end(String(starts))).listen(4000) }
`;

test('what a program exports, and has started by itself, is not started again', async () => {
  using project = makeProject({
    files: Object.fromEntries(
      Object.entries(STARTED_BY_THEMSELVES).map(([name, text]) => [`services/${name}`, SERVED + text]),
    ),
  });
  await using uber = await startUber({ cwd: project.root });
  for (const url of Object.values(uber.urls))
    expect([url, await (await fetch(url)).text()]).toEqual([url, '1']);
});

test('a fetch handler without its adapter for Node says what to install', async () => {
  using project = makeProject({
    files: { 'services/foo.mjs': 'export default { fetch: () => new Response() };' },
    packages: false,
  });
  await expect(startUber({ cwd: project.root })).rejects.toMatchObject({
    code: 'START_FAILED',
    message:
      '"foo" failed to start: it exports a fetch handler, which needs the package "@hono/node-server": npm install @hono/node-server',
  });
});

test('https is told from http, and every way to call listen is moved', async () => {
  const listens = {
    port: 'server.listen(3000);',
    string: "server.listen('3000');",
    host: "server.listen(3000, '0.0.0.0');",
    backlog: "server.listen(3000, '0.0.0.0', 10);",
    callback: 'server.listen(3000, () => {});',
    options: "server.listen({ port: 3000, host: '0.0.0.0', backlog: 10 });",
    signal: 'server.listen({ port: 3000, signal: new AbortController().signal });',
    zero: 'server.listen(0);',
    nothing: 'server.listen();',
  };
  const head =
    "import { createServer } from 'node:http'; const server = createServer((q, r) => r.end(String(server.address().port)));";
  using project = makeProject({
    files: {
      ...Object.fromEntries(
        Object.entries(listens).map(([name, line]) => [`services/${name}.mjs`, `${head} ${line}`]),
      ),
      'services/sync.mjs': `${head} server.listen(3000); const { port } = server.address(); if (port === 3000) throw new Error('not moved');`,
      'services/secure.mjs': `
        import { createServer } from 'node:https';
        createServer({}, (q, r) => r.end()).listen(443);
      `,
      'services/leaves-others.mjs': `
        import net from 'node:net';
        net.createServer().listen(process.env.UBER_DATA_DIR + '/socket');
        ${head} server.listen(3000);
      `,
    },
  });
  await using uber = await startUber({ cwd: project.root });
  const names = [...Object.keys(listens), 'sync', 'leaves-others'];
  for (const name of names) {
    expect(await (await fetch(uber.url(name))).text()).toBe(new URL(uber.url(name)).port);
  }
  expect(uber.url('secure')).toMatch(/^https:/);
});
