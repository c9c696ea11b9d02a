// Which layer of the environment wins, and that nothing leaks from one service to another.
import { readCatalog } from '../../launcher/catalog/catalog.ts';
import { type InjectedFacts, plainEnv, resolveEnv } from '../../launcher/config/env-layers.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import type { UberOptions } from '../../launcher/options.ts';
import { startUber } from '../../launcher/start-uber.ts';
import type { EnvValue, ServiceSpec } from '../../launcher/types.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { runUber } from '../support/uber-process.ts';

const FACTS: InjectedFacts = {
  runId: 'r1',
  namespace: 'n1',
  dataDir: '/data',
  host: '127.0.0.1',
  port: 4001,
  peers: new Map([
    ['my-shop.v2', { host: '127.0.0.1', port: 4002, ports: new Map(), url: 'http://127.0.0.1:4002' }],
  ]),
};

/** From the lowest layer to the highest: each sets its own level and all above it are removed in turn. */
const LAYERS: [origin: string, file: string | null][] = [
  ['.env', '.env'],
  ['services/foo/.env', 'services/foo/.env'],
  ['resources/foo/.env', 'resources/foo/.env'],
  ['resources/foo/.env.local', 'resources/foo/.env.local'],
  ['configuration', null],
  ['shell', null],
  ['--env-file extra.env', 'extra.env'],
  ['--env', null],
];

async function envOf(
  project: TestProject,
  options: UberOptions,
  shell: NodeJS.ProcessEnv,
): Promise<Record<string, EnvValue>> {
  const config = await resolveConfig({ cwd: project.root, ...options });
  const spec = readCatalog(config).specs.get('foo') as ServiceSpec;
  return resolveEnv(spec, config, FACTS, shell);
}

test.each(LAYERS.map(([origin], index) => [origin, index] as const))(
  '%s wins over all layers below it',
  async (origin, top) => {
    const active = LAYERS.slice(0, top + 1);
    const files = active.flatMap(([name, file]) =>
      file === null ? [] : [[file, `LEVEL=${name}\nPORT=1\n`]],
    );
    using project = makeProject({
      files: { 'services/foo/index.ts': '', 'services/bar/index.ts': '', ...Object.fromEntries(files) },
    });
    const isActive = (name: string): boolean => active.some(([layer]) => layer === name);
    const env = await envOf(
      project,
      {
        config: isActive('configuration') ? { services: { foo: { env: { LEVEL: 'configuration' } } } } : {},
        envFiles: isActive('--env-file extra.env') ? ['.env', 'extra.env'] : [],
        env: isActive('--env') ? ['foo.LEVEL=first', 'foo.LEVEL=--env', 'LEVEL=all', 'bar.LEVEL=bar'] : [],
      },
      isActive('shell') ? { LEVEL: 'shell' } : {},
    );
    expect(env.LEVEL).toEqual({ value: origin, origin });
    expect(env.PORT).toEqual({ value: '4001', origin: 'injected' });
  },
);

test('every convention of naming the others is injected', async () => {
  using project = makeProject({ files: { 'services/foo/index.ts': '' } });
  const config = await resolveConfig({ cwd: project.root });
  const env = plainEnv(readCatalog(config).specs.get('foo') as ServiceSpec, config, FACTS, {});
  expect(env).toEqual({
    PORT: '4001',
    HOST: '127.0.0.1',
    UBER_SERVICE: 'foo',
    UBER_RUN_ID: 'r1',
    UBER_NAMESPACE: 'n1',
    UBER_RESOURCE_DIR: project.path('resources', 'foo'),
    UBER_DATA_DIR: '/data',
    UBER_SERVICES: '{"my-shop.v2":"http://127.0.0.1:4002"}',
    MY_SHOP_V2_URL: 'http://127.0.0.1:4002',
    MY_SHOP_V2_HOST: '127.0.0.1',
    MY_SHOP_V2_PORT: '4002',
    MY_SHOP_V2_SERVICE_HOST: '127.0.0.1',
    MY_SHOP_V2_SERVICE_PORT: '4002',
    'services__my-shop.v2__http__0': 'http://127.0.0.1:4002',
  });
});

test('what a service does to its environment stays with it', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs':
        'process.env.LEAK = "yes"; export default () => (q, r) => r.end(String(process.env.LEAK));',
      'services/bar.mjs': 'export default () => (q, r) => r.end(String(process.env.LEAK));',
      'uber.config.json': '{ "services": { "bar": { "dependsOn": ["foo"] } } }',
    },
  });
  await using uber = await startUber({ cwd: project.root });
  expect(await (await fetch(uber.url('foo'))).text()).toBe('yes');
  expect(await (await fetch(uber.url('bar'))).text()).toBe('undefined');
  expect(process.env.LEAK).toBeUndefined();
});

test('uber env shows every value with its origin, secrets masked', async () => {
  using project = makeProject({
    files: {
      'services/foo/index.ts': '',
      'services/bar/index.ts': '',
      'services/foo/.env': 'GREETING=hi\nSTRIPE_API_KEY=sk_live_1\nDATABASE_URL=postgres://me:hunter2@db/x\n',
      'uber.config.json': '{ "services": { "foo": { "dependsOn": ["bar"] } } }',
    },
  });
  const { stdout, exitCode } = await runUber(['env', 'foo', '--env', 'foo.PASSWORD=hunter2', '--json'], {
    cwd: project.root,
  });
  expect(exitCode).toBe(0);
  const { env } = JSON.parse(stdout) as { env: { key: string; value: string; origin: string }[] };
  const shown = Object.fromEntries(env.map(({ key, value, origin }) => [key, `${value} (${origin})`]));
  expect(shown).toMatchObject({
    GREETING: 'hi (services/foo/.env)',
    STRIPE_API_KEY: '******** (services/foo/.env)',
    DATABASE_URL: 'postgres://me:********@db/x (services/foo/.env)',
    PASSWORD: '******** (--env)',
    BAR_URL: '(set at start) (injected)',
    PORT: '(set at start) (injected)',
  });
  const text = await runUber(['env', 'foo'], { cwd: project.root });
  expect(text.stdout).toMatch(/^VARIABLE +ORIGIN +VALUE$/m);
  expect(text.stdout).not.toMatch(/hunter2|sk_live/);
  const two = await runUber(['env', 'foo', 'bar'], { cwd: project.root });
  expect(two).toMatchObject({
    exitCode: 2,
    stderr: 'error: uber env takes one service.\nFor example: uber env foo\n',
  });
});
