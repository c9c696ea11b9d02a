// `${orders.url}` in `env` of the configuration.
import { readCatalog } from '../launcher/catalog/catalog.ts';
import { type InjectedFacts, plainEnv, resolveEnv } from '../launcher/config/env-layers.ts';
import { resolveConfig } from '../launcher/config/resolve-config.ts';
import { fillReferences, referencesIn, referenceTo } from '../launcher/references.ts';
import { startUber } from '../launcher/start-uber.ts';
import type { ServiceSpec } from '../launcher/types.ts';
import { makeProject, type TestProject } from './support/project.ts';
import { runUber } from './support/uber-process.ts';

const SHOP = {
  'services/orders.mjs': "export default (q, r) => r.end('orders');",
  'services/web.mjs':
    'export default async (q, r) => r.end(await (await fetch(`${process.env.BACKEND}/x`)).text());',
};

const FACTS: InjectedFacts = {
  runId: 'r',
  namespace: 'n',
  dataDir: '/data',
  host: '127.0.0.1',
  port: 4001,
  peers: new Map([
    ['orders', { host: '127.0.0.1', port: 4002, url: 'http://127.0.0.1:4002', ports: new Map() }],
  ]),
};

async function envOf(project: TestProject, env: Record<string, string>, facts: InjectedFacts | null) {
  const config = await resolveConfig({ cwd: project.root, config: { services: { web: { env } } } });
  return plainEnv(readCatalog(config).specs.get('web') as ServiceSpec, config, facts, {});
}

test.each([
  ['${a.url}/x', [{ service: 'a', member: 'url' }]],
  ['${my-shop.v2.port}', [{ service: 'my-shop.v2', member: 'port' }]],
  ['http://${a.host}:${b.port}', [...['a.host', 'b.port'].map((text) => text.split('.'))]],
  ['$${a.url} ${HOME} ${a.b-c} $a.url', []],
])('%s refers to what it names', (value, expected) => {
  const wanted = expected.map((item) => (Array.isArray(item) ? { service: item[0], member: item[1] } : item));
  expect(referencesIn(value)).toEqual(wanted);
});

test('a reference that is written is read as the same', () => {
  expect(referencesIn(referenceTo('my-shop.v2', 'url'))).toEqual([{ service: 'my-shop.v2', member: 'url' }]);
  expect(fillReferences(`$${referenceTo('a', 'url')}`, () => 'x')).toBe('${a.url}');
});

test('the address of a service stands in for a reference to it', async () => {
  using project = makeProject({ files: SHOP, packages: false });
  const env = {
    API: '${orders.url}/api',
    DSN: 'tcp://${orders.host}:${orders.port}',
    TEXT: '$${orders.url}',
  };
  expect(await envOf(project, env, FACTS)).toMatchObject({
    API: 'http://127.0.0.1:4002/api',
    DSN: 'tcp://127.0.0.1:4002',
    TEXT: '${orders.url}',
  });
});

test('a value that refers to a service outside of the run is left to the layers below', async () => {
  using project = makeProject({ files: { ...SHOP, '.env': 'API=http://elsewhere\n' }, packages: false });
  const env = await envOf(project, { API: '${orders.url}' }, { ...FACTS, peers: new Map() });
  expect(env.API).toBe('http://elsewhere');
});

test('a reference wins over the address that would be there, and over nothing else', async () => {
  using project = makeProject({ files: SHOP, packages: false });
  const env = { ORDERS_URL: '${orders.url}/v2', ORDERS_HOST: 'plain', PORT: '${orders.port}' };
  expect(await envOf(project, env, FACTS)).toMatchObject({
    ORDERS_URL: 'http://127.0.0.1:4002/v2',
    ORDERS_HOST: '127.0.0.1',
    PORT: '4001',
  });
  const config = JSON.stringify({ services: { web: { env } } });
  project.write({ 'uber.config.json': config });
  const { stdout } = await runUber(['env', 'web', '--env', 'ORDERS_PORT=1', '--no-color'], {
    cwd: project.root,
  });
  expect(stdout).not.toMatch(/^ORDERS_URL +injected/m);
});

test('before a start the reference itself is shown', async () => {
  using project = makeProject({ files: SHOP, packages: false });
  expect(await envOf(project, { API: '${orders.url}' }, null)).toMatchObject({ API: '${orders.url}' });
});

test.each([
  ['${order.url}', 'and there is no service "order".', 'Did you mean "orders"?'],
  [
    '${nothing.url}',
    'and there is no service "nothing".',
    'Known: orders, web. For the text itself write $${...}.',
  ],
  [
    '${orders.path}',
    'but a service has no "path".',
    'Known: url, host, port. For the text itself write $${...}.',
  ],
])('a reference that leads nowhere is refused: %s', async (value, why, hint) => {
  using project = makeProject({
    files: { ...SHOP, 'uber.config.json': JSON.stringify({ services: { web: { env: { API: value } } } }) },
    packages: false,
  });
  const { exitCode, stderr } = await runUber(['web', '--dry-run'], { cwd: project.root });
  expect(exitCode).toBe(2);
  expect(stderr).toBe(`error: services.web.env.API refers to ${value}, ${why}\n${hint}\n`);
});

test('one service calls another through a reference', async () => {
  using project = makeProject({ files: SHOP });
  const services = { web: { env: { BACKEND: '${orders.url}' }, dependsOn: ['orders'] } };
  await using uber = await startUber({ cwd: project.root, config: { services } });
  expect(await (await fetch(uber.url('web'))).text()).toBe('orders');
});

test('a program with a folder of its own finds the .env of that folder', async () => {
  using project = makeProject({
    files: {
      'apps/web/.env': 'COLOR=cwd\nSIZE=cwd\n',
      'apps/web/lib/.env': 'COLOR=entry\nSHAPE=entry\n',
      'apps/web/lib/x.mjs': '',
    },
    packages: false,
  });
  const web = { entry: 'apps/web/lib/x.mjs', cwd: 'apps/web' };
  const config = await resolveConfig({ cwd: project.root, config: { services: { web } } });
  const env = resolveEnv(readCatalog(config).specs.get('web') as ServiceSpec, config, null, {});
  expect(env).toEqual({
    COLOR: { value: 'cwd', origin: 'apps/web/.env' },
    SHAPE: { value: 'entry', origin: 'apps/web/lib/.env' },
    SIZE: { value: 'cwd', origin: 'apps/web/.env' },
  });
});
