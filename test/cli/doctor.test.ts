// `uber doctor`: what will not work, with file and line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { ownMark } from '../../launcher/platform-processes.ts';
import { makeProject, REPOSITORY, type TestProject } from '../support/project.ts';
import { makeShop } from '../support/shop.ts';
import { type JsonEvent, runUber } from '../support/uber-process.ts';

interface Diagnosis {
  readonly findings: readonly JsonEvent[];
  readonly summary: JsonEvent | undefined;
  readonly exitCode: number | null;
}

async function examine(project: Pick<TestProject, 'root'>, ...args: string[]): Promise<Diagnosis> {
  const { stdout, stderr, exitCode } = await runUber(['doctor', '--json', ...args], { cwd: project.root });
  expect(stderr).toBe('');
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonEvent);
  return { findings: events.slice(0, -1), summary: events.at(-1), exitCode };
}

/** Findings as `severity id file:line`. */
async function shortFindings(files: Record<string, string>): Promise<string[]> {
  using project = makeProject({ files, packages: false });
  const { findings } = await examine(project);
  return findings.map(({ severity, id, file, line }) => `${severity} ${id} ${file}:${line}`);
}

const LISTEN = "import http from 'node:http';\nhttp.createServer((q, r) => r.end())";

test('the example services have no problem', async () => {
  const { findings, exitCode } = await examine({ root: REPOSITORY });
  // A run that somebody has killed in this checkout is no problem of the services.
  expect(findings.filter(({ id }) => id !== 'stale-run')).toEqual([]);
  expect(exitCode).toBe(0);
});

test('where there is nothing to say, that is said', async () => {
  using project = makeProject({ files: { 'services/a.js': '' }, packages: false });
  const { stdout } = await runUber(['doctor'], { cwd: project.root });
  expect(stdout).toBe('No problems found in 1 service.\n');
});

test.each<[string, string, string[]]>([
  ['calls', 'process.chdir("/tmp");', ['error chdir services/a.ts:1']],
  [
    'behind types and decorators',
    'interface A {\n  b: string;\n}\n@x class C { d() { process?.umask(0o77); } }',
    ['error umask services/a.ts:4'],
  ],
  [
    'user and groups',
    'process.setuid!(1);\nprocess.setgid(1); process.initgroups("a", 1);',
    ['error user-id services/a.ts:1', 'error user-id services/a.ts:2', 'error user-id services/a.ts:2'],
  ],
  [
    'taken out of process',
    "import { chdir as go } from 'node:process';\ngo('/');\nconst { abort } = process;\nabort();",
    ['error chdir services/a.ts:2', 'info abort services/a.ts:4'],
  ],
  ['of the global object', 'globalThis.process.chdir("/");', ['error chdir services/a.ts:1']],
  [
    'caught',
    'try { process.chdir("/"); } catch {}\ntry { process.abort(); } catch { process.umask(1); }\ntry { f(() => process.chdir("/")); } catch {}\ntry { process.setuid(1); } finally {}',
    [
      'error umask services/a.ts:2',
      'error chdir services/a.ts:3',
      'error user-id services/a.ts:4',
      'warning chdir services/a.ts:1',
      'info abort services/a.ts:2',
    ],
  ],
  ['asking for the mask', 'process.umask(); process.getuid(); process.cwd();', []],
  [
    'comments and texts',
    '// process.chdir()\nconst a = "process.chdir()"; const b = `process.abort()`; /* process.setuid(1) */',
    [],
  ],
  [
    'things called process',
    'export function f(process: { abort(): void }) { process.abort(); }\nfor (const process of [] as any[]) process.chdir();\nconst { x: { chdir } } = { x: { chdir() {} } }; chdir();',
    [],
  ],
  ['not called', 'if (typeof process.chdir === "function") console.log(process.abort);', []],
])('process: %s', async (_title, code, expected) => {
  expect(await shortFindings({ 'services/a.ts': code })).toEqual(expected);
});

test.each<[string, string, string[]]>([
  [
    'node:sqlite',
    "import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('data.db');",
    ['warning sqlite-path services/a.mjs:2'],
  ],
  [
    'better-sqlite3',
    "import Database from 'better-sqlite3';\nconst file = './data/x.db';\nnew Database(process.env.DB ?? file);",
    ['warning sqlite-path services/a.mjs:3'],
  ],
  [
    'sqlite3 by require',
    "const sqlite3 = require('sqlite3').verbose();\nnew sqlite3.Database('x.db');",
    ['warning sqlite-path services/a.mjs:2'],
  ],
  [
    'sqlite',
    "import { open } from 'sqlite';\nimport path from 'node:path';\nopen({ filename: path.join('a', 'x.db') });",
    ['warning sqlite-path services/a.mjs:3'],
  ],
  [
    'absolute, in memory, or not known',
    "import { DatabaseSync as D } from 'node:sqlite';\nnew D(':memory:'); new D('/tmp/x.db'); new D(file); new D(join(process.env.UBER_DATA_DIR, 'x.db')); new D('file:x?mode=memory');",
    [],
  ],
  ['something else of that name', "import { Database } from './own.mjs';\nnew Database('x.db');", []],
])('a database at a relative path: %s', async (_title, code, expected) => {
  expect(await shortFindings({ 'services/a.mjs': code })).toEqual(expected);
});

test('addresses of other services that are fixed are found, with the service they mean', async () => {
  using project = makeProject({
    files: {
      'services/orders/package.json': '{ "scripts": { "start": "PORT=3001 node index.mjs" } }',
      'services/orders/index.mjs': `${LISTEN}.listen(process.env.PORT);\nconsole.log('http://localhost:3001');`,
      'services/users/index.mjs': `${LISTEN}.listen();`,
      'services/users/.env': 'PORT=4000\n',
      'services/pinned/index.mjs': `${LISTEN}.listen();`,
      'services/web/index.mjs': [
        `${LISTEN}.listen(3000);`,
        "fetch('http://localhost:3001/x');",
        "fetch(process.env.USERS ?? 'http://127.0.0.1:4000');",
        "fetch(process.env.ORDERS_URL ?? 'http://localhost:3001');",
        "fetch(process.env.KNOWN ?? 'http://localhost:3001');",
        "fetch('http://Orders/y'); fetch('http://localhost:8437');",
        "fetch('http://localhost:9200'); new URL('/', 'http://localhost'); fetch('https://example.com');",
        'fetch(`http://localhost:${port}`);',
      ].join('\n'),
      'services/web/.env':
        '# the backend\nKNOWN=http://localhost:3001/v1\nORDERS_URL=http://localhost:3001\n',
      'uber.config.json': '{ "services": { "pinned": { "port": 8437 } } }',
    },
    packages: false,
  });
  const { findings, summary, exitCode } = await examine(project);
  expect(exitCode).toBe(0);
  expect(summary).toEqual({ event: 'summary', services: 4, errors: 0, warnings: 4, infos: 1 });
  expect(findings.map(({ service }) => service)).toEqual(findings.map(() => 'web'));
  const file = 'services/web/index.mjs';
  const readOrders =
    'Read process.env.ORDERS_URL, and add dependsOn: [\'orders\'] to "web" in the configuration.';
  expect(findings).toMatchObject([
    {
      ...{ severity: 'warning', file: 'services/web/.env', line: 2 },
      message: 'KNOWN is "http://localhost:3001": it means "orders", which gets another port at every start.',
      hint: "Set it in the configuration: env: { KNOWN: '${orders.url}/v1' }, dependsOn: ['orders']",
    },
    { severity: 'warning', file, line: 3, hint: readOrders },
    {
      severity: 'warning',
      file,
      line: 4,
      hint: "Set USERS in the configuration: env: { USERS: '${users.url}' }, dependsOn: ['users']",
    },
    { severity: 'warning', file, line: 7, message: expect.stringContaining('"orders"') },
    { severity: 'info', file, line: 8, message: expect.stringContaining('"http://localhost:9200"') },
  ]);
});

test.each([
  ['there already', '{ "web": { "dependsOn": ["orders"] } }'],
  ['to be a circle', '{ "orders": { "dependsOn": ["users"] }, "users": { "dependsOn": ["web"] } }'],
])('no dependency is advised that is %s', async (_title, services) => {
  using project = makeProject({
    files: {
      'services/orders.mjs': `${LISTEN}.listen(3001);`,
      'services/users.mjs': `${LISTEN}.listen(3002);`,
      'services/web.mjs': "fetch('http://localhost:3001');",
      'uber.config.json': `{ "services": ${services} }`,
    },
    packages: false,
  });
  expect((await examine(project)).findings).toMatchObject([{ hint: 'Read process.env.ORDERS_URL.' }]);
});

test.each<[string, Record<string, string>]>([
  [
    'a script of the root in its folder',
    { 'package.json': '{"scripts":{"dev":"cd api && PORT=5001 ts-node-dev src/index.ts"}}' },
  ],
  [
    'a script of the root with its file',
    { 'package.json': '{"scripts":{"api":"cross-env PORT=5001 node api/src/index.mjs & echo x"}}' },
  ],
  ['compose', { 'compose.yaml': 'services:\n  backend:\n    build: ./api\n    ports: ["5001:80"]\n' }],
])('the port of a service is known from %s', async (_title, files) => {
  using project = makeProject({
    files: {
      ...files,
      'api/package.json': '{}',
      'api/src/index.mjs': `${LISTEN}.listen(process.env.PORT);`,
      'web/package.json': '{}',
      'web/index.mjs': "fetch('http://127.0.0.1:5001/x');",
      'uber.config.json': '{ "services": { "api": "api", "web": "web" } }',
    },
    packages: false,
  });
  expect((await examine(project)).findings).toMatchObject([
    { severity: 'warning', service: 'web', message: expect.stringContaining('it means "api"') },
  ]);
});

test('a URL that is read from a variable with a host name is found, unless it is configured', async () => {
  using project = makeProject({
    files: {
      'services/name-service.mjs': `${LISTEN}.listen(3000);`,
      'services/web.mjs': "fetch(process.env.NAME_SERVICE_HOST || 'http://names:8080');",
    },
    packages: false,
  });
  expect((await examine(project)).findings).toMatchObject([
    {
      ...{ id: 'env-shape', severity: 'warning', service: 'web', line: 1 },
      hint: "Set it in the configuration: env: { NAME_SERVICE_HOST: '${name-service.url}' }, dependsOn: ['name-service']",
    },
  ]);
  project.write({
    'uber.config.json':
      '{ "services": { "web": { "env": { "NAME_SERVICE_HOST": "${name-service.url}" } } } }',
  });
  expect((await examine(project)).findings).toEqual([]);
});

test('addons that only register themselves are found in all a service depends on', async () => {
  const addon = (symbol: string): string => `\u007fELF ... ${symbol} ...`;
  const needs = (...names: string[]): string =>
    JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '*'])) });
  using project = makeProject({
    files: {
      'services/a/package.json': needs('old', 'fine'),
      'services/a/index.js': '',
      'services/b/package.json': needs('fine'),
      'services/b/index.js': '',
      'node_modules/fine/package.json':
        '{ "name": "fine", "gypfile": true, "optionalDependencies": { "fine-linux-x64": "1", "gone": "1" } }',
      'node_modules/fine/build/Release/fine.node': addon('node_module_register node_register_module_v127'),
      'node_modules/fine-linux-x64/package.json': '{ "name": "fine-linux-x64", "main": "fine.node" }',
      'node_modules/fine-linux-x64/fine.node': addon('napi_register_module_v1 node_module_register'),
      'node_modules/old/package.json':
        '{ "name": "old", "version": "0.9.0", "dependencies": { "older": "1" } }',
      'node_modules/older/package.json': '{ "name": "older", "version": "0.1.0", "binary": {} }',
      'node_modules/older/lib/binding/older.node': addon('node_module_register'),
      'node_modules/older/prebuilds/aix-ppc64/older.node': addon('node_module_register'),
    },
    packages: false,
  });
  const { findings, exitCode } = await examine(project);
  expect(exitCode).toBe(1);
  expect(findings).toMatchObject([
    {
      ...{
        id: 'native-addon',
        severity: 'error',
        service: 'a',
        file: 'node_modules/older/lib/binding/older.node',
      },
      message: 'The addon of older 0.1.0 cannot be loaded in a thread: it is not context-aware.',
      hint: expect.stringContaining("placement: 'process'"),
    },
  ]);
});

test('a real addon that uses Node-API is fine', async () => {
  using project = makeProject({
    files: {
      'services/a/package.json': '{ "dependencies": { "@node-rs/argon2": "*" } }',
      'services/a/index.mjs':
        "import { hash } from '@node-rs/argon2';\nexport default async (q, r) => r.end(await hash('x'));",
    },
  });
  expect(await examine(project)).toMatchObject({ findings: [], exitCode: 0 });
});

test('versions: of Node, and of dependencies', async () => {
  using project = makeProject({
    files: {
      'services/a/package.json':
        '{\n  "engines": {\n    "node": ">=99"\n  },\n  "dependencies": { "x": "1" }\n}',
      'services/a/index.js': '',
      'services/a/node_modules/x/package.json': '{ "version": "1.2.3" }',
      'services/b/package.json': '{ "engines": { "node": ">= 18.12" }, "dependencies": { "x": "2" } }',
      'services/b/index.js': '',
      'node_modules/x/package.json': '{ "version": "2.0.0" }',
    },
    packages: false,
  });
  const { findings, exitCode } = await examine(project);
  expect(exitCode).toBe(1);
  expect(findings).toMatchObject([
    {
      id: 'node-version',
      service: 'a',
      file: 'services/a/package.json',
      line: 3,
      message: `It asks for Node >=99, and this is ${process.version}.`,
    },
    {
      id: 'dependency-versions',
      severity: 'info',
      service: null,
      message: 'x is installed in 2 versions: 1.2.3 (a), 2.0.0 (b).',
    },
  ]);
  expect((await examine(project, 'b')).findings).toEqual([]);
});

test('folders of runs that are over are listed, those of live ones are not', async () => {
  using project = makeProject({ files: { 'services/a.js': '' }, packages: false });
  const write = (run: string, content: string): void => {
    mkdirSync(project.path('.uber', 'runs', run, 'a'), { recursive: true });
    writeFileSync(project.path('.uber', 'runs', run, '_run.json'), content);
    writeFileSync(project.path('.uber', 'runs', run, 'a', 'data'), 'x'.repeat(2048));
  };
  // No process has this number: it is above what any system gives.
  const dead = JSON.stringify({ ...ownMark(0), pid: 999_999_999 });
  write('dead', dead);
  write('kept', dead);
  writeFileSync(project.path('.uber', 'runs', 'kept', '_ended'), '');
  write('live', JSON.stringify(ownMark(Date.now())));
  write('half', '{ "pid"');
  const { findings, exitCode } = await examine(project);
  expect(exitCode).toBe(0);
  expect(findings).toMatchObject([
    {
      ...{ id: 'stale-run', severity: 'info', file: '.uber/runs/dead' },
      message:
        'Run dead of 1970-01-01T00:00:00.000Z is over (process 999999999 has ended without stopping) and still has 2.1 KB.',
      hint: 'The next start of uber removes it. Or now: rm -rf .uber/runs/dead',
    },
    {
      ...{ id: 'stale-run', severity: 'info', file: '.uber/runs/kept' },
      message: 'Run kept of 1970-01-01T00:00:00.000Z was kept by --keep and still has 2.1 KB.',
      hint: 'It is never removed by itself. When it is not needed any more: rm -rf .uber/runs/kept',
    },
  ]);
});

test('a source that does not compile is a finding, with its place', async () => {
  expect(await shortFindings({ 'services/a.ts': 'const x = 1;\nconst = ;' })).toEqual([
    'error build services/a.ts:2',
  ]);
});

test.each(['package.json', 'services/a/package.json'])('a broken %s is an error', async (path) => {
  using project = makeProject({
    files: { 'services/a/index.mjs': '', [path]: '{\n  "name": "a",\n}' },
    packages: false,
  });
  const { findings, exitCode } = await examine(project);
  expect(exitCode).toBe(1);
  expect(findings).toMatchObject([
    {
      id: 'package-file',
      severity: 'error',
      service: 'a',
      file: path,
      line: 3,
      hint: expect.stringContaining('Mend this'),
    },
  ]);
});

test('in a published program findings are warnings: not every file is reached', async () => {
  using project = makeProject({
    files: {
      'node_modules/p/package.json': '{ "name": "p" }',
      'node_modules/p/bin/p.js': "require('../lib/daemon.js');",
      'node_modules/p/lib/daemon.js': "\nprocess.setuid('nobody'); fetch('http://localhost:1234');",
      'node_modules/p/test/x.js': 'process.chdir("/");',
      'uber.config.json': '{ "services": { "p": { "entry": "node_modules/p/bin/p.js" } } }',
    },
    packages: false,
  });
  const { findings, exitCode } = await examine(project);
  expect(exitCode).toBe(0);
  expect(findings).toMatchObject([
    { severity: 'warning', id: 'user-id', file: 'node_modules/p/lib/daemon.js', line: 2 },
  ]);
});

test('for people: grouped by service, aligned, with what to do', async () => {
  using project = makeProject({
    files: {
      'services/a.js': 'process.chdir("/");\n',
      'services/bb.js': 'process.abort();\nprocess.umask(1);\n',
    },
    packages: false,
  });
  const { stdout, exitCode } = await runUber(['doctor'], { cwd: project.root });
  expect(exitCode).toBe(1);
  expect(stdout).toBe(`a
  error    services/a.js:1  process.chdir() throws in a thread: the working directory belongs to the whole process.
                            Remove the call and set "cwd" of the service, or run the service in a process of its own: placement: 'process'.

bb
  error    services/bb.js:2  process.umask() with a value throws in a thread: the mask belongs to the whole process.
                             Give "mode" where files are made, or run the service in a process of its own: placement: 'process'.
  note     services/bb.js:1  process.abort() ends this service only, as process.exit() would: there is no core dump.
                             For a core dump run the service in a process of its own: placement: 'process'.

2 errors, 0 warnings, 1 note in 2 services.
`);
  const one = await runUber(['doctor', 'a', '--color'], { cwd: project.root });
  expect(one.stdout).toContain('\u001B[31merror  \u001B[39m');
  expect(one.stdout).not.toContain('bb');
});

test('what init writes for a shop has nothing to be warned of', async () => {
  using project = makeShop();
  await runUber(['init'], { cwd: project.root });
  const { summary } = await examine(project);
  expect(summary).toMatchObject({ services: 6, errors: 0, warnings: 0 });
});

test.each([
  ['{ "services": { "a": { "dependOn": [] } } }', [], 'unknown key "dependOn"'],
  ['{}', ['nobody'], 'No service "nobody".'],
])('what cannot be examined ends with exit code 2', async (config, args, message) => {
  using project = makeProject({
    files: { 'services/a.js': '', 'uber.config.json': config },
    packages: false,
  });
  const { exitCode, stderr } = await runUber(['doctor', ...args], { cwd: project.root });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
