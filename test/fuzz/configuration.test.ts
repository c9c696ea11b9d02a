// Any name, configuration, env file and argument: a result or an error of ours, and no path outside of its namespace.
import { rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { readCatalog } from '../../launcher/catalog/catalog.ts';
import { selectServices } from '../../launcher/catalog/select.ts';
import { checkConfig } from '../../launcher/config/check-config.ts';
import { plainEnv, resolveEnv } from '../../launcher/config/env-layers.ts';
import { loadConfigFile } from '../../launcher/config/load-config-file.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { isValidName } from '../../launcher/names.ts';
import { RunDirectory } from '../../launcher/resources/run-directory.ts';
import { anyText, fuzz, HOSTILE_NAMES, printCounts, resultOrUberError } from '../support/fuzz.ts';
import { makeProject, type TestProject } from '../support/project.ts';

let project: TestProject;
beforeAll(() => {
  project = makeProject({
    packages: false,
    files: {
      'services/foo.js': '',
      'services/bar/index.js': '',
      'services/baz.ts': '',
      'uber.config.json': '{}',
    },
  });
});
afterAll(() => {
  project[Symbol.dispose]();
  printCounts();
});

/** Keys and values that a configuration may have, at the right places and at wrong ones. */
const KEYS = [
  ...['services', 'groups', 'host', 'namespace', 'foo', 'bar', 'entry', 'args', 'cwd', 'env', 'dependsOn'],
  ...['ready', 'http', 'status', 'port', 'ports', 'main', 'placement', 'stopGraceMs', 'restart', 'critical'],
  ...['heapMb', 'blockedMs', 'permissions', 'read', 'write', 'worker', '__proto__', 'constructor', '$schema'],
];
const VALUES = [
  'foo',
  'bar',
  '@core',
  './services/foo.js',
  '.',
  'services',
  'listening',
  'thread',
  'never',
  '/',
  '${foo.url}',
];

const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 8080, 1e9, Number.NaN, undefined, ...VALUES),
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), anyText), tie('value')), { maxLength: 6 })
    // `fromEntries` makes an own key of `__proto__`, as JSON.parse does.
    .map((entries) => Object.fromEntries(entries as [string, unknown][])),
})).value;

/** Configurations that get past the first check more often. */
const anyService = fc.record(
  {
    entry: fc.constantFrom('services/foo.js', 'services', '..', '/etc/passwd', 'nowhere'),
    args: fc.array(anyText, { maxLength: 3 }),
    cwd: fc.constantFrom('.', 'services', '../..', '\0', 'nowhere'),
    env: fc.dictionary(
      anyText,
      fc.oneof(anyText, fc.constantFrom('${foo.url}', '${x.y}', '$${foo.url}', 5, true)),
    ),
    dependsOn: fc.array(fc.oneof(fc.constantFrom('foo', 'bar'), anyText), { maxLength: 3 }),
    port: fc.integer({ min: -1, max: 70_000 }),
    ports: fc.dictionary(anyText, fc.integer({ min: 0, max: 65_536 }), { maxKeys: 3 }),
    ready: fc.constantFrom<unknown>('listening', 'started', { http: '/' }, {}, 5),
    permissions: fc.record({ read: fc.array(anyText), write: fc.array(anyText) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const likelyConfig = fc.record(
  {
    services: fc.dictionary(
      fc.oneof(fc.constantFrom('foo', 'bar', 'baz'), anyText),
      fc.oneof(anyService, anyText),
      {
        maxKeys: 4,
      },
    ),
    groups: fc.dictionary(
      fc.constantFrom('core', 'all', 'a', '__proto__', 'constructor'),
      fc.array(fc.constantFrom('foo', '@core', '@all', '@a', '!foo', 'b*', '@constructor', '@__proto__'), {
        maxLength: 6,
      }),
      { maxKeys: 5 },
    ),
  },
  { requiredKeys: [] },
);

test('a name that is valid stays in its folder, on every system', () =>
  fuzz('names', 4000, anyText, (name) => {
    if (!isValidName(name)) return;
    expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/);
    expect(name).not.toMatch(/\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    expect(join('/runs/x', name)).toBe(`${sep}runs${sep}x${sep}${name}`);
  }));

test.each(['__proto__', ...HOSTILE_NAMES.filter((name) => /^(con|nul|aux|com|lpt)[\d.a-z]*$/i.test(name))])(
  'the name %s is refused',
  (name) => {
    const isDevice = name !== 'constructor';
    expect(isValidName(name)).toBe(!isDevice);
  },
);

test('paths of a run stay in its folder', async () => {
  const directory = RunDirectory.create(project.root);
  await fuzz('paths of a run', 2000, anyText, (name) => {
    if (!isValidName(name)) return;
    for (const path of [directory.dataDir(name), directory.logPath(name)]) {
      expect(relative(directory.path, path)).not.toMatch(/^\.\.|^$/);
      expect(path).not.toBe(join(directory.path, '_run.json'));
    }
  });
  await directory.remove();
});

test('any configuration is refused with a sentence, or becomes specs', () =>
  fuzz('configurations', 3000, fc.oneof(likelyConfig, anyValue), async (config) => {
    await resultOrUberError(async () => {
      const file = await checkConfig(config, 'config');
      const resolved = await resolveConfig({ cwd: project.root, config: file });
      const catalog = readCatalog(resolved);
      for (const [name, spec] of catalog.specs) {
        expect(isValidName(name)).toBe(true);
        expect(relative(project.path('resources'), spec.resourceDir)).toBe(name);
      }
      const specs = selectServices(catalog, ['*', '@core']);
      for (const spec of specs) plainEnv(spec, resolved, null, {});
    });
    expect(({} as Record<string, unknown>).services).toBeUndefined();
  }));

test('any selection ends', () =>
  fuzz(
    'selections',
    2000,
    fc.tuple(fc.array(anyText, { maxLength: 4 }), likelyConfig),
    async ([patterns, config]) => {
      await resultOrUberError(async () => {
        const { groups } = await checkConfig({ groups: config.groups ?? {} }, 'config');
        const resolved = await resolveConfig({ cwd: project.root, config: { groups } });
        selectServices(readCatalog(resolved), patterns);
      });
    },
  ));

test('groups that name each other many times are read once each', () => {
  const groups = Object.fromEntries(
    Array.from({ length: 40 }, (_, level) => [
      `g${level}`,
      level === 39 ? ['foo'] : [`@g${level + 1}`, `@g${level + 1}`],
    ]),
  );
  return resolveConfig({ cwd: project.root, config: { groups } }).then((config) => {
    expect(selectServices(readCatalog(config), ['@g0']).map(({ name }) => name)).toEqual(['foo']);
  });
});

test('any text in a configuration file is read, or refused with its place', () =>
  fuzz(
    'JSON texts',
    1500,
    fc.oneof(
      anyValue.map((value) => JSON.stringify(value) ?? ''),
      anyText,
      fc.json().map((text) => text.slice(0, -1)),
    ),
    async (text) => {
      project.write({ 'fuzz.json': text });
      await resultOrUberError(() => loadConfigFile(project.path('fuzz.json')));
    },
  ));

test('any .env file and any --env gives texts, and nothing but that', async () => {
  const arbitrary = fc.tuple(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(
      fc.oneof(
        anyText,
        fc.tuple(anyText, anyText).map(([a, b]) => `${a}=${b}`),
      ),
      { maxLength: 3 },
    ),
  );
  await fuzz('env files and --env', 1500, arbitrary, async ([text, env]) => {
    project.write({ 'fuzz.env': text });
    const outcome = await resultOrUberError(async () => {
      const config = await resolveConfig({ cwd: project.root, env, envFiles: [project.path('fuzz.env')] });
      const [spec] = readCatalog(config).specs.values();
      if (spec === undefined) throw new Error('no spec');
      const values = Object.entries(resolveEnv(spec, config, null, {})).map(([key, { value }]) => [
        key,
        value,
      ]);
      // Two ways to the same values.
      expect(Object.entries(plainEnv(spec, config, null, {})).sort()).toEqual(values.sort());
      return plainEnv(spec, config, null, {});
    });
    if ('value' in outcome)
      for (const value of Object.values(outcome.value)) expect(typeof value).toBe('string');
  });
  rmSync(project.path('fuzz.env'));
});
