// Which services a selection means, and their order.
import { readCatalog } from '../../launcher/catalog/catalog.ts';
import { selectServices } from '../../launcher/catalog/select.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { makeProject, type TestProject } from '../support/project.ts';

let project: TestProject;

beforeAll(() => {
  const names = ['accounting', 'accounts', 'bar', 'foo', 'web'];
  project = makeProject({
    files: {
      ...Object.fromEntries(names.map((name) => [`services/${name}/index.ts`, ''])),
      'services/_drafts/index.ts': '',
      'services/shared/types.ts': '',
      'tools/registry/cli.js': '',
      'uber.config.json': JSON.stringify({
        services: {
          web: { dependsOn: ['bar'] },
          bar: { dependsOn: ['foo'] },
          foo: './services/foo/index.ts',
          registry: './tools/registry/cli.js',
        },
        groups: { core: ['foo', '@money'], money: ['acc*', '@core'] },
      }),
    },
  });
});
afterAll(() => project[Symbol.dispose]());

test.each([
  [['foo'], true, 'foo'],
  [['web'], true, 'foo bar web'],
  [['web'], false, 'web'],
  [['web', 'foo'], false, 'web foo'],
  [['bar', 'foo'], false, 'foo bar'],
  [['acc*'], true, 'accounting accounts'],
  [['acc*', '!accounting'], true, 'accounts'],
  [['{foo,accounts}'], true, 'accounts foo'],
  [['@money'], true, 'accounting accounts foo'],
  [['@core', '!acc*'], true, 'foo'],
  [['web', '!foo'], true, 'bar web'],
  [['foo', 'foo', 'f*'], true, 'foo'],
  [[], true, 'accounting accounts foo bar registry web'],
  [['!web'], true, 'accounting accounts foo bar registry'],
])('%j with dependencies %s means %s', async (patterns, withDependencies, expected) => {
  const catalog = readCatalog(await resolveConfig({ cwd: project.root }));
  const names = selectServices(catalog, patterns, withDependencies).map(({ name }) => name);
  expect(names.join(' ')).toBe(expected);
});

test('a selection that leaves nothing is refused', async () => {
  const catalog = readCatalog(await resolveConfig({ cwd: project.root }));
  expect(() => selectServices(catalog, ['foo', '!foo'])).toThrow(
    'Nothing to start: foo !foo leaves no service.',
  );
});

test('a service found in services/ and named in the configuration is one service, with a frozen spec', async () => {
  const catalog = readCatalog(await resolveConfig({ cwd: project.root }));
  expect([...catalog.specs.keys()].filter((name) => name === 'foo')).toEqual(['foo']);
  const spec = catalog.specs.get('foo');
  expect(spec).toMatchObject({
    entry: project.path('services', 'foo', 'index.ts'),
    dir: project.path('services', 'foo'),
  });
  expect(Object.isFrozen(spec)).toBe(true);
});

test('a folder may be renamed in the configuration', async () => {
  using renamed = makeProject({
    files: {
      'services/logs/index.ts': '',
      'uber.config.json': '{ "services": { "audit": "./services/logs" } }',
    },
  });
  const catalog = readCatalog(await resolveConfig({ cwd: renamed.root }));
  expect([...catalog.specs.keys()]).toEqual(['audit']);
});
