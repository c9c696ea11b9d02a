// What a user can get wrong: the exact message, the exit code, and that nothing is left.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { makeProject, type ProjectOptions } from '../support/project.ts';
import { runUber } from '../support/uber-process.ts';

interface Case extends ProjectOptions {
  args?: string[];
  exitCode: number;
  message: string;
}

/** A service that answers, in one line. */
const OK = "export default (q: unknown, r: import('node:http').ServerResponse) => r.end('ok');\n";
const FOO_AND_BAR = { 'services/foo/index.ts': OK, 'services/bar/index.ts': OK };
const config = (content: unknown): Record<string, string> => ({
  'uber.config.json': JSON.stringify(content),
});

const CASES: Record<string, Case> = {
  'an unknown service': {
    files: FOO_AND_BAR,
    args: ['fo'],
    exitCode: 2,
    message: 'error: No service "fo". Known: bar, foo.\nDid you mean "foo"?',
  },
  'a pattern that matches nothing': {
    files: FOO_AND_BAR,
    args: ['acc*'],
    exitCode: 2,
    message: 'error: No service matches "acc*". Known: bar, foo.',
  },
  'an unknown group': {
    files: { ...FOO_AND_BAR, ...config({ groups: { core: ['foo'] } }) },
    args: ['@cor'],
    exitCode: 2,
    message: 'error: No group "@cor". Known: @core.\nDid you mean "@core"?',
  },
  'no services directory': {
    exitCode: 2,
    message:
      'error: No services here: <root> and the folders above it have neither a "services" folder nor an uber.config file.\nServices that exist already: uber init writes a configuration for them. A new one: services/hello/index.ts',
  },
  'a services directory without services': {
    files: { 'services/README.md': '' },
    exitCode: 2,
    message:
      'error: No services in <root>: its "services" folder holds none.\nA service is a folder with an entry file: index, main, server or app (.ts, .js, ...), also under src/, or "main" in package.json.',
  },
  'a folder without an entry file': {
    files: { ...FOO_AND_BAR, 'services/shared/types.ts': '' },
    args: ['shared'],
    exitCode: 2,
    message:
      'error: "shared" has no entry file: <root>/services/shared\nLooked for index, main, server or app (.ts, .js, ...), also under src/, or "main" in package.json.',
  },
  'a service named like a verb': {
    files: { ...FOO_AND_BAR, 'services/logs/index.ts': OK },
    exitCode: 2,
    message:
      "error: A service may not be called \"logs\": that is a command of uber.\nGive it another name in uber.config.ts: services: { 'my-logs': './services/logs' }",
  },
  'two names that share a variable': {
    files: { 'services/foo-a/index.ts': OK, 'services/foo_a/index.ts': OK },
    exitCode: 2,
    message: 'error: Services "foo-a" and "foo_a" would share the variable FOO_A_URL.\nRename one of them.',
  },
  'a name that leaves its namespace': {
    files: { ...FOO_AND_BAR, ...config({ services: { '../etc': './services/foo' } }) },
    exitCode: 2,
    message:
      'error: "../etc" is not a name for a service.\nUse at most 64 letters, digits, "-", "_" and ".", and begin with a letter or digit.',
  },
  'an unknown key in the configuration': {
    files: {
      ...FOO_AND_BAR,
      ...config({ services: { foo: { entry: './services/foo', dependOn: ['bar'] } } }),
    },
    exitCode: 2,
    message: 'error: uber.config.json: unknown key "dependOn" in services.foo.\nDid you mean "dependsOn"?',
  },
  'an unknown key at the top of the configuration': {
    files: { ...FOO_AND_BAR, ...config({ whatever: 1 }) },
    exitCode: 2,
    message:
      'error: uber.config.json: unknown key "whatever".\nKnown keys: $schema, services, groups, host, namespace.',
  },
  'an unknown key of the probe': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { ready: { htp: '/x' } } } }) },
    exitCode: 2,
    message: 'error: uber.config.json: unknown key "htp" in services.foo.ready.\nDid you mean "http"?',
  },
  'a wrong type in the configuration': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { port: 'abc' } } }) },
    exitCode: 2,
    message: 'error: uber.config.json: services.foo.port must be a number, got "abc".',
  },
  'a port out of range': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { port: 70_000 } } }) },
    exitCode: 2,
    message: 'error: uber.config.json: services.foo.port must be at most 65535, got 70000.',
  },
  'a configuration that is not an object': {
    files: { ...FOO_AND_BAR, ...config([]) },
    exitCode: 2,
    message: 'error: uber.config.json: the configuration must be an object, got [].',
  },
  'a syntax error in a JSON configuration': {
    files: { ...FOO_AND_BAR, 'uber.config.json': '{\n  "services": {,}\n}\n' },
    exitCode: 2,
    message: "error: <root>/uber.config.json:2:16: Expected property name or '}' in JSON.",
  },
  'a JSON configuration that ends too early': {
    files: { ...FOO_AND_BAR, 'uber.config.json': '{\n  "services": {' },
    exitCode: 2,
    message: "error: <root>/uber.config.json:2:16: Expected property name or '}' in JSON.",
  },
  'a syntax error in a TypeScript configuration': {
    files: { ...FOO_AND_BAR, 'uber.config.ts': 'export default {\n  services: { foo: },\n};\n' },
    exitCode: 2,
    message: 'error: <root>/uber.config.ts:2:20: Unexpected "}".',
  },
  'a configuration without a default export': {
    files: { ...FOO_AND_BAR, 'uber.config.mjs': 'export const config = {};\n' },
    exitCode: 2,
    message:
      'error: uber.config.mjs has no default export.\nWrite: export default defineConfig({ services: { ... } })',
  },
  'two configurations': {
    files: { ...FOO_AND_BAR, 'uber.config.json': '{}', 'uber.config.ts': 'export default {};' },
    exitCode: 2,
    message:
      'error: Two configuration files: <root>/uber.config.ts and <root>/uber.config.json.\nKeep one of them.',
  },
  'a circle of dependencies': {
    files: {
      ...FOO_AND_BAR,
      'services/baz/index.ts': OK,
      ...config({
        services: { foo: { dependsOn: ['bar'] }, bar: { dependsOn: ['baz'] }, baz: { dependsOn: ['foo'] } },
      }),
    },
    args: ['foo'],
    exitCode: 2,
    message:
      'error: The services depend on each other in a circle: foo -> bar -> baz -> foo.\nRemove one "dependsOn": a service can call another without waiting for it.',
  },
  'a missing dependency': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { dependsOn: ['barr'] } } }) },
    args: ['foo'],
    exitCode: 2,
    message: 'error: "foo" depends on "barr", which is not a service here.\nDid you mean "bar"?',
  },
  'two services that pin one port': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { port: 3000 }, bar: { port: 3000 } } }) },
    exitCode: 2,
    message:
      'error: Services "bar" and "foo" both pin port 3000.\nChange one, or remove "port" from both to get free ones.',
  },
  'an unknown option': {
    files: FOO_AND_BAR,
    args: ['foo', '--jsn'],
    exitCode: 2,
    message: 'error: Unknown option "--jsn".\nDid you mean "--json"?',
  },
  'a verb that is not there yet': {
    files: FOO_AND_BAR,
    args: ['logs'],
    exitCode: 2,
    message:
      'error: No service "logs". Known: bar, foo.\n"logs" is a word for a command, which comes before all options and names: see uber --help.',
  },
  'a configuration in a CommonJS package': {
    files: {
      ...FOO_AND_BAR,
      'package.json': '{ "type": "commonjs" }',
      'uber.config.ts': "import { defineConfig } from 'uberservice';\nexport default defineConfig({});\n",
    },
    exitCode: 2,
    message:
      'error: <root>/uber.config.ts is an ES module, but its package.json says "type": "commonjs".\nRename it to uber.config.mts, or set "type": "module" in package.json.',
  },
  'an option given twice': {
    files: FOO_AND_BAR,
    args: ['foo', '--host', '127.0.0.1', '--host', '0.0.0.0'],
    exitCode: 2,
    message: 'error: --host may be given only once.',
  },
  'a secret of the wrong type': {
    files: { ...FOO_AND_BAR, ...config({ services: { foo: { env: { TOKEN: ['sk-live-123'] } } } }) },
    exitCode: 2,
    message: 'error: uber.config.json: services.foo.env.TOKEN must be text, a number or true or false.',
  },
  'an option of another verb': {
    files: FOO_AND_BAR,
    args: ['env', 'foo', '--dry-run'],
    exitCode: 2,
    message: 'error: Unknown option "--dry-run".\nSee: uber --help',
  },
  'an option without its value': {
    files: FOO_AND_BAR,
    args: ['foo', '--config'],
    exitCode: 2,
    message: 'error: Not enough arguments following: config.\nSee: uber --help',
  },
  'a configuration that is not there': {
    files: FOO_AND_BAR,
    args: ['foo', '--config', 'nope.ts'],
    exitCode: 2,
    message:
      "error: Cannot read the configuration <root>/nope.ts: ENOENT: no such file or directory, open '<root>/nope.ts'.",
  },
  'arguments behind --': {
    files: FOO_AND_BAR,
    args: ['foo', '--', 'bar'],
    exitCode: 2,
    message: 'error: Nothing may stand behind "--": bar',
  },
  'an --env for a service that is not there': {
    files: FOO_AND_BAR,
    args: ['foo', '--env', 'baz.KEY=1'],
    exitCode: 2,
    message: 'error: --env baz.KEY names no service. Known: bar, foo.\nDid you mean "bar"?',
  },
  'an address that is not of this machine': {
    files: FOO_AND_BAR,
    args: ['foo', '--host', '192.0.2.1'],
    exitCode: 2,
    message:
      'error: Services cannot listen on "192.0.2.1": listen EADDRNOTAVAIL: address not available 192.0.2.1.\nName an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them.',
  },
  'a NODE_OPTIONS that Node refuses': {
    files: FOO_AND_BAR,
    args: ['foo', '--env', 'NODE_OPTIONS=--bogus'],
    exitCode: 1,
    message:
      'error: "foo" could not be started: Initiated Worker with invalid NODE_OPTIONS env variable: --bogus is not allowed in NODE_OPTIONS',
  },
  'an --env without a value': {
    files: FOO_AND_BAR,
    args: ['foo', '--env', 'foo.KEY'],
    exitCode: 2,
    message: 'error: --env "foo.KEY" is not of the form KEY=value or service.KEY=value.',
  },
  'a module that throws on load': {
    services: { 'foo.ts': 'throws-on-load.ts' },
    exitCode: 1,
    message: [
      'error: "foo" could not be loaded: cannot connect: no DATABASE_URL',
      '  at connect (<root>/services/foo.ts:10:9)',
      '  at <anonymous> (<root>/services/foo.ts:14:1)',
      'Its last lines:',
      '  connecting',
    ].join('\n'),
  },
  'a start that rejects': {
    services: { 'foo.ts': 'rejects-in-start.ts' },
    exitCode: 1,
    message: [
      'error: "foo" failed to start: the queue is gone',
      '  at Object.start (<root>/services/foo.ts:6:26)',
      'Its last lines:',
      '  {"level":30,<...>"msg":"about to fail"}',
    ].join('\n'),
  },
  'a module that exports nothing and never listens': {
    services: { 'foo.ts': 'exports-nothing.ts' },
    exitCode: 1,
    message: [
      'error: "foo" ended without listening: it had nothing more to do and never called listen().',
      'Its last lines:',
      '  nothing to do',
      'Export an app or a start function, or call listen(). One that is not meant to listen sets ready: "started".',
    ].join('\n'),
  },
  'process.exit while starting': {
    services: { 'foo.ts': 'exits-while-starting.ts' },
    exitCode: 1,
    message: [
      'error: "foo" called process.exit(3) while starting at <root>/services/foo.ts:3:11.',
      'Its last lines:',
      '  cannot go on',
    ].join('\n'),
  },
  'a probe that never passes': {
    services: { 'foo.ts': 'never-ready.ts' },
    files: config({ services: { foo: { ready: { http: '/health', timeoutMs: 5000, intervalMs: 50 } } } }),
    exitCode: 1,
    message: [
      'error: "foo" was not ready after 5000 ms: GET http://127.0.0.1:<port>/health answered 503 (<n> tries).',
      'Its last lines:',
      '  listening, not healthy',
    ].join('\n'),
  },
  'a service that stays alive without listening': {
    services: { 'foo.ts': 'never-listens.ts' },
    files: config({ services: { foo: { ready: { timeoutMs: 5000 } } } }),
    exitCode: 1,
    message: [
      'error: "foo" was not ready after 5000 ms: it never called listen().',
      'Its last lines:',
      '  waiting for something',
      'One that is not meant to listen sets ready: "started". If it only starts another program (nodemon, tsx, npm), name the file that listens as its entry.',
    ].join('\n'),
  },
  'a second listen on the main port': {
    services: { 'foo.ts': 'listens-twice.ts' },
    exitCode: 1,
    message: [
      'error: "foo" listens twice on its main port 3000.',
      '  at <anonymous> (<root>/services/foo.ts:4:16)',
      'Let its second server listen on another port: it gets one of its own.',
    ].join('\n'),
  },
  'a syntax error in TypeScript': {
    files: { 'services/foo/index.ts': 'const a: number = 1;\nconst b = ;\n' },
    exitCode: 1,
    message: [
      'error: <root>/services/foo/index.ts:2:11: Unexpected ";"',
      '      2 | const b = ;',
      '                    ^',
    ].join('\n'),
  },
  'a missing package': {
    services: { 'foo.ts': 'misses-a-package.ts' },
    exitCode: 1,
    message: [
      'error: "foo" could not be loaded: Cannot find package \'package-nobody-installed\' imported from <root>/services/foo.ts',
      'Is it installed? npm install package-nobody-installed',
    ].join('\n'),
  },
  'an environment file that cannot be read': {
    files: { ...FOO_AND_BAR, 'services/foo/.env/keep': '' },
    args: ['foo'],
    exitCode: 2,
    message: 'error: Cannot read <root>/services/foo/.env: it is a directory.',
  },
  'a resource directory that is a file': {
    files: { ...FOO_AND_BAR, 'resources/foo': '' },
    args: ['foo'],
    exitCode: 2,
    message:
      'error: The resources of "foo" are not a folder: <root>/resources/foo\nMake <root>/resources/foo a folder, or remove it.',
  },
};

/** What differs between runs and machines is named, everything else is compared to the letter. */
function normalize(text: string, root: string): string {
  return text
    .replaceAll(`file://${root}`, '<root>')
    .replaceAll(root, '<root>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/\(\d+ tries\)/g, '(<n> tries)')
    .replace(/"level":30,.*?"msg"/g, '"level":30,<...>"msg"')
    .trimEnd();
}

test.concurrent.each(Object.entries(CASES))(
  '%s is refused',
  async (_name, { args = ['up'], exitCode, message, ...options }) => {
    using project = makeProject(options);
    const result = await runUber(args, { cwd: project.root });
    expect(normalize(result.stderr, project.root)).toBe(message);
    expect({ exitCode: result.exitCode, signal: result.signal }).toEqual({ exitCode, signal: null });
    expect(project.leftRuns()).toEqual([]);
  },
);

test('a pinned port that is busy names its holder', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  using project = makeProject({ files: { ...FOO_AND_BAR, ...config({ services: { foo: { port } } }) } });
  const result = await runUber(['foo'], { cwd: project.root });
  holder.close();
  expect(result.stderr).toMatch(
    new RegExp(
      `^error: Port ${port} of "foo" is taken by process ${process.pid}( \\(.+\\))?\\.\nStop that process, or remove "port" from the service's configuration to get a free one\\.\n$`,
    ),
  );
  expect(result.exitCode).toBe(1);
  expect(project.leftRuns()).toEqual([]);
});

test('a checkout that cannot be written to says so', async () => {
  using project = makeProject({ files: FOO_AND_BAR });
  mkdirSync(project.path('.uber'));
  writeFileSync(project.path('.uber', 'runs'), 'a file where a folder must be');
  const result = await runUber(['foo'], { cwd: project.root });
  expect(result.stderr).toContain(`Cannot write to ${project.path('.uber', 'runs')}`);
  expect(result.exitCode).toBe(1);
});

test('errors are events with --json', async () => {
  using project = makeProject({ services: { 'foo.ts': 'exits-while-starting.ts' } });
  const failed = (await runUber(['foo', '--json'], { cwd: project.root })).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .find(({ event }) => event === 'failed');
  expect(failed).toMatchObject({ service: 'foo', code: 'EXITED', lastLines: ['cannot go on'] });
  const unknown = await runUber(['fo', '--json'], { cwd: project.root });
  expect(JSON.parse(unknown.stdout)).toMatchObject({
    event: 'failed',
    code: 'UNKNOWN_SERVICE',
    service: null,
  });
  expect(unknown.exitCode).toBe(2);
});
