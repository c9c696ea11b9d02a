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
