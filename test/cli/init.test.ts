// `uber init`: a repository that has never heard of uber runs, with no edit.
import { existsSync, readFileSync } from 'node:fs';
import { addressesIn } from '../../launcher/addresses.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { makeShop, SHOP_FILES } from '../support/shop.ts';
import { type JsonEvent, runUber, UberProcess } from '../support/uber-process.ts';

async function init(project: TestProject, ...args: string[]): Promise<JsonEvent[]> {
  const { stdout, stderr, exitCode } = await runUber(['init', '--json', ...args], { cwd: project.root });
  expect({ stderr, exitCode, stdout: exitCode === 0 ? '' : stdout }).toEqual({
    stderr: '',
    exitCode: 0,
    stdout: '',
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonEvent);
}

/** What `init` would write for files, as the value of `services`. */
async function services(files: Record<string, string>): Promise<Record<string, unknown>> {
  using project = makeProject({ files, packages: false });
  const last = (await init(project, '--dry-run', '--config', 'uber.config.json')).at(-1);
  return last?.text == null
    ? {}
    : (JSON.parse(String(last.text)) as { services: Record<string, unknown> }).services;
}

const SERVER = "require('http').createServer((q, r) => r.end()).listen(process.env.PORT || 3000);";

test('five services of five styles, init and up, and every one answers', async () => {
  using project = makeShop();
  const { stdout, stderr, exitCode } = await runUber(['init'], { cwd: project.root });
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toContain('Wrote uber.config.ts, and read it back: it is valid.\nNext: uber up\n');
  expect(stdout).toContain('left out: shared (a library: nothing starts it)\n');
  expect(stdout).toContain(
    'left out: db (a container of the image postgres:17: start it with docker compose up -d db)\n',
  );
  expect(stdout).toMatch(
    /^web +apps\/web\/src\/main\.ts +apps\/web\/package\.json "dev", compose\.yaml "web"$/m,
  );
  // Nothing of the team's own has changed, and no port is fixed.
  for (const [path, content] of Object.entries(SHOP_FILES))
    expect(readFileSync(project.path(path), 'utf8')).toBe(content);
  const written = readFileSync(project.path('uber.config.ts'), 'utf8');
  expect(addressesIn(written).map(({ text }) => text)).toEqual([
    'postgres://postgres:postgres@localhost:5433',
  ]);
  expect(written).not.toContain(project.root);

  await using uber = new UberProcess(['up', '--json'], { cwd: project.root });
  const up = await uber.event('up');
  const rows = up.services as { service: string; url: string | null }[];
  const urls = Object.fromEntries(rows.map(({ service, url }) => [service, url]));
  expect(Object.keys(urls).sort()).toEqual(['catalog', 'mailer', 'mocks', 'orders', 'queue-worker', 'web']);
  expect(urls['queue-worker']).toBeNull();
  expect(await (await fetch(`${urls.web}/`)).text()).toBe('Welcome to Shop');
  // web calls three others: by a default in its source, by its .env, and a published program.
  expect(await (await fetch(`${urls.web}/order`)).json()).toEqual({
    order: { service: 'orders', node: 'hello' },
    item: { id: '1' },
    mock: { id: 1, text: 'good' },
  });
  expect(await (await fetch(`${urls.mailer}/`)).json()).toEqual({
    args: ['--verbose'],
    db: 'postgres://postgres:postgres@localhost:5433/shop',
    web: `${urls.web}/welcome`,
  });
  uber.kill('SIGINT');
  expect((await uber.ended).signal).toBe('SIGINT');
});

test('an existing configuration is kept, unless --force is given', async () => {
  using project = makeProject({
    files: {
      'package.json': '{ "scripts": { "start": "node server.js" } }',
      'server.js': SERVER,
      'uber.config.json': '{}',
    },
    packages: false,
  });
  const refused = await runUber(['init'], { cwd: project.root });
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain(
    `error: There is a configuration already: ${project.path('uber.config.json')}`,
  );
  expect(refused.stderr).toContain('--force');
  const [dry] = (await init(project, '--dry-run')).slice(-1);
  expect(dry).toMatchObject({ event: 'init', isWritten: false });
  expect(readFileSync(project.path('uber.config.json'), 'utf8')).toBe('{}');
  // It stays one file, in the form it has.
  expect((await init(project, '--force')).at(-1)).toMatchObject({
    isWritten: true,
    path: project.path('uber.config.json'),
  });
  expect(existsSync(project.path('uber.config.ts'))).toBe(false);
});

test('--dry-run prints what would be written and writes nothing', async () => {
  using project = makeShop();
  const { stdout, exitCode } = await runUber(['init', '--dry-run'], { cwd: project.root });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('This would be uber.config.ts:\n\nexport default {\n');
  expect(stdout).not.toContain('Next:');
  expect(existsSync(project.path('uber.config.ts'))).toBe(false);
});

test('where nothing needs a configuration none is written', async () => {
  using project = makeProject({
    files: { 'services/foo/index.js': SERVER, 'services/bar.js': SERVER },
    packages: false,
  });
  const { stdout, exitCode } = await runUber(['init'], { cwd: project.root });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^bar +services\/bar\.js/m);
  expect(stdout).toMatch(/^foo +services\/foo\/index\.js/m);
  expect(stdout).toContain(
    'No configuration is needed: uber finds these services by itself.\nNext: uber up\n',
  );
  expect(existsSync(project.path('uber.config.json'))).toBe(false);
});

test.each([['--force', '--dry-run'], ['--dry-run'], ['--force']])(
  'where none is needed, init %s %s says that the one that is there is kept',
  async (...args) => {
    const text = '{ "services": { "foo": { "placement": "process" } } }';
    using project = makeProject({
      files: { 'services/foo.js': SERVER, 'uber.config.json': text },
      packages: false,
    });
    const { stdout, exitCode } = await runUber(['init', ...args], { cwd: project.root });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      'No configuration is needed: uber finds these services by itself.\n' +
        'uber.config.json is kept as it is: remove it when nothing in it is needed.\n',
    );
    expect(readFileSync(project.path('uber.config.json'), 'utf8')).toBe(text);
  },
);

test('--dry-run says that there is a configuration to be replaced', async () => {
  using project = makeProject({
    files: {
      'api/package.json': '{"scripts":{"start":"node a.js"}}',
      'api/a.js': '',
      'uber.config.json': '{}',
    },
    packages: false,
  });
  const { stdout } = await runUber(['init', '--dry-run'], { cwd: project.root });
  expect(stdout).toContain('uber.config.json is there already: uber init --force would replace it');
});

test('with uberservice installed the file has its types', async () => {
  using project = makeProject({
    files: { 'apps/web/index.ts': SERVER, 'apps/web/package.json': '{"scripts":{"start":"node index.ts"}}' },
  });
  await init(project);
  expect(readFileSync(project.path('uber.config.ts'), 'utf8')).toMatch(
    /^import \{ defineConfig \} from 'uberservice';\n/,
  );
});

test('"type": "commonjs" gets a file that Node takes for a module', async () => {
  using project = makeProject({
    files: {
      'package.json': '{ "type": "commonjs", "devDependencies": { "typescript": "*" } }',
      'apps/web/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/web/server.js': SERVER,
    },
    packages: false,
  });
  expect((await init(project)).at(-1)).toMatchObject({
    path: project.path('uber.config.mts'),
    isWritten: true,
  });
});

test.each<[string, Record<string, string>, Record<string, unknown>]>([
  [
    'the lines of a Procfile are services, a worker needs no port',
    {
      'package.json': '{ "name": "shop", "scripts": { "start": "node server.js" } }',
      Procfile:
        '# a comment\nweb: npm start -- --port $PORT\nworker: node jobs/worker.js\nrelease: node jobs/migrate.js\n',
      'server.js': SERVER,
      'jobs/worker.js': 'setInterval(() => {}, 1000);',
      'jobs/migrate.js': "console.log('migrated');",
    },
    {
      web: { entry: 'server.js', args: ['--port', '3000'] },
      worker: { entry: 'jobs/worker.js', cwd: '.', ready: 'started' },
      release: { entry: 'jobs/migrate.js', cwd: '.', ready: 'started' },
    },
  ],
  [
    'a name of the Procfile stands before the name of the root',
    {
      'package.json': '{ "name": "shop", "scripts": { "start": "node server.js" } }',
      Procfile: 'web: npm start\n',
      'server.js': SERVER,
    },
    { web: 'server.js' },
  ],
  [
    'names that are verbs, taken or not valid are made valid',
    {
      'apps/env/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/env/server.js': SERVER,
      'apps/api/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/api/server.js': SERVER,
      'packages/api/package.json': '{"scripts":{"start":"node server.js"}}',
      'packages/api/server.js': SERVER,
      'apps/my shop/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/my shop/server.js': SERVER,
    },
    { 'env-service': 'apps/env', api: 'apps/api', 'packages-api': 'packages/api', 'my-shop': 'apps/my shop' },
  ],
  [
    'two services that call each other do not wait for each other',
    {
      'services/a/index.js': `${SERVER} fetch(process.env.B_URL)`,
      'services/b/index.js': `${SERVER} fetch(process.env.A_URL)`,
    },
    { a: { dependsOn: ['b'] } },
  ],
  [
    'addresses in the environment become references, whatever their form',
    {
      'docker-compose.yml':
        'services:\n' +
        '  api-gateway:\n    build: { context: ./apps/gateway }\n    env_file: ./gateway.env\n' +
        '    environment:\n      BROKER: amqp://guest:guest@rabbit:5672\n      QUEUE_HOST: rabbit\n      QUEUE_PORT: 5672\n' +
        '      UPSTREAMS: users:80\n      SELF: http://api-gateway:80\n      USERS_ADDR_HOST: users\n      USERS_ADDR_PORT: "80"\n' +
        '    depends_on: [rabbit]\n' +
        '  users:\n    build: ./apps/users\n    ports: ["4000:80"]\n' +
        '  rabbit:\n    image: rabbitmq\n    ports: ["5673:5672"]\n',
      'gateway.env': 'USERS_API=ws://localhost:4000/feed\nAPI_KEY=hush\nMODE=dev\n',
      'apps/gateway/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/gateway/server.js': SERVER,
      'apps/users/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/users/server.js': SERVER,
    },
    {
      gateway: {
        entry: 'apps/gateway',
        env: {
          USERS_API: 'ws://${users.host}:${users.port}/feed',
          MODE: 'dev',
          BROKER: 'amqp://guest:guest@localhost:5673',
          QUEUE_HOST: 'localhost',
          QUEUE_PORT: '5673',
          UPSTREAMS: '${users.host}:${users.port}',
          SELF: 'http://api-gateway:80',
          USERS_ADDR_HOST: '${users.host}',
          USERS_ADDR_PORT: '${users.port}',
        },
        dependsOn: ['users'],
      },
      users: 'apps/users',
    },
  ],
  [
    'a whole URL in a variable that uber sets by itself is written, a plain address is not',
    {
      'users/package.json': '{"scripts":{"start":"node server.js"}}',
      'users/server.js': SERVER,
      'web/package.json':
        '{"scripts":{"start":"USERS_URL=http://users:1/v2 ORDERS_URL=http://orders:2 node server.js"}}',
      'web/server.js': `${SERVER} fetch(process.env.ORDERS_HOST || 'http://orders-in-docker:8080')`,
      'orders/package.json': '{"scripts":{"start":"node server.js"}}',
      'orders/server.js': SERVER,
    },
    {
      orders: 'orders',
      users: 'users',
      web: {
        entry: 'web',
        env: { ORDERS_HOST: '${orders.url}', USERS_URL: '${users.url}/v2' },
        dependsOn: ['users', 'orders'],
      },
    },
  ],
  [
    'an entry without an extension is a program',
    {
      'api/package.json': '{"main":"bin/www","scripts":{"start":"node ."}}',
      'api/bin/www': `#!/usr/bin/env node\n${SERVER}`,
    },
    { api: 'api' },
  ],
  [
    'the programs of concurrently are services',
    {
      'package.json':
        '{ "scripts": { "dev": "concurrently -n site,admin \\"node site.js\\" \\"npm run admin\\"", "admin": "node panel.js" } }',
      'site.js': SERVER,
      'panel.js': SERVER,
    },
    { site: 'site.js', admin: 'panel.js' },
  ],
  [
    'pnpm-workspace.yaml names packages, and leaves some out',
    {
      'pnpm-workspace.yaml': "packages:\n  - 'backend/**'\n  - '!**/old'\n",
      'backend/deep/orders/package.json': '{"name":"@x/orders","scripts":{"dev":"tsx watch src/server.ts"}}',
      'backend/deep/orders/src/server.ts': SERVER,
      'backend/old/package.json': '{"scripts":{"start":"node server.js"}}',
      'backend/old/server.js': SERVER,
    },
    { orders: 'backend/deep/orders' },
  ],
  [
    'folders of the root with a package.json are looked into, others are not',
    {
      'orders/package.json': '{"scripts":{"start":"node server.js"}}',
      'orders/server.js': `${SERVER} fetch(process.env.BILLING || 'http://billing')`,
      'billing/package.json': '{"main":"index.js"}',
      'billing/index.js': SERVER,
      'tools/server.js': SERVER,
    },
    {
      billing: 'billing',
      orders: { entry: 'orders', env: { BILLING: '${billing.url}' }, dependsOn: ['billing'] },
    },
  ],
  [
    'a library in services/ does not keep the others from running',
    {
      'services/web/index.js': SERVER,
      'services/shared/index.js': 'exports.a = 1;',
    },
    { shared: { ready: 'started' } },
  ],
  [
    'an entry that is not the usual one keeps the folder of its package',
    {
      'apps/web/package.json': '{"scripts":{"start":"node lib/boot.js"}}',
      'apps/web/lib/boot.js': SERVER,
    },
    { web: { entry: 'apps/web/lib/boot.js', cwd: 'apps/web' } },
  ],
])('%s', async (_title, files, expected) => {
  expect(await services(files)).toEqual(expected);
});

test('what was assumed and left out is said', async () => {
  using project = makeProject({
    files: {
      'compose.yaml':
        'services:\n  web:\n    build: ./apps/web\n    environment: { DB: "postgres://x:${DB_PASSWORD}@db/x" }\n' +
        '    env_file: [web.env]\n  ml:\n    build: ./ml\n  far:\n    build: https://example.com/far.git\n',
      'web.env': 'SESSION_SECRET=hush\nML_URL=https://ml.example\n',
      'ml/main.py': '',
      'apps/ml/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/ml/server.js': SERVER,
      'apps/web/package.json': '{"scripts":{"start":"node -r ./setup.js server.js"}}',
      'apps/web/server.js': SERVER,
      'apps/users/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/users/server.js': SERVER,
      'apps/site/package.json': '{"scripts":{"dev":"next dev"}}',
      'apps/gone/package.json': '{"scripts":{"start":"node dist/main.js"}}',
    },
    packages: false,
  });
  const events = await init(project);
  const web = events.find(({ service }) => service === 'web');
  expect(web?.notes).toEqual([
    'its command preloads "./setup.js", which uber does not',
    'compose fills in DB from its shell: set it in resources/web/.env.local',
    'the values of web.env are written into "env"',
    'SESSION_SECRET of web.env not copied, as it looks secret: use --env-file web.env',
    'ML_URL was "https://ml.example", but uber sets it to the address of "ml"',
  ]);
  expect(readFileSync(project.path('uber.config.json'), 'utf8')).not.toContain('hush');
  const leftOut = events.filter(({ event }) => event === 'left-out');
  expect(Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]))).toEqual({
    far: 'a container of the image https://example.com/far.git: start it with docker compose up -d far',
    gone: 'apps/gone/dist/main.js does not exist; build it first?',
    site: '"next" starts processes of its own: run it beside uber',
  });
});

test.each<[string, string[], Record<string, string>, string]>([
  ['nothing to run', [], { 'packages/a/package.json': '{}' }, 'Left out: a (a library: nothing starts it).'],
  ['a name', ['web'], {}, 'uber init takes no names, got "web".'],
  ['a strange configuration', ['--config', 'x.yaml'], {}, '--config x.yaml is no name for a configuration.'],
])('%s is refused with exit code 2', async (_title, args, files, message) => {
  using project = makeProject({ files, packages: false });
  const { exitCode, stderr } = await runUber(['init', ...args], { cwd: project.root });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});

test('what makes no sense is said, line by line', async () => {
  using project = makeProject({
    files: {
      Procfile:
        'hello world\nweb:\na b: x\n\n# no line\napi: node server.js\napi: node other.js\njob: node "x\npy: python x.py\n',
      'compose.yaml': 'services:\n  odd: hello\n  none:\n',
      'server.js': SERVER,
    },
    packages: false,
  });
  const leftOut = (await init(project)).filter(({ event }) => event === 'left-out');
  expect(Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]))).toEqual({
    'Procfile:1': '"hello world" is no line "name: command"',
    'Procfile:2': '"web" has no command',
    'Procfile:3': '"a b: x" is no line "name: command"',
    'Procfile:7': 'there is a line "api" above, which is taken',
    job: 'its command is not understood: a quote is not closed in node "x',
    py: 'no Node program is in its command: python x.py',
    odd: 'it is no map in compose.yaml',
    none: 'it is no map in compose.yaml',
  });
});

test.each([
  ['hello', 'it cannot be read: it is no map'],
  ['services: hello', 'it cannot be read: "services" is no map'],
  ['services: [a]', 'it cannot be read: "services" is no map'],
])('the compose file "%s" is left out, and why', async (text, reason) => {
  using project = makeProject({ files: { 'compose.yaml': text, 'services/a.js': SERVER }, packages: false });
  expect(await init(project)).toContainEqual({ event: 'left-out', name: 'compose.yaml', reason });
});

test('a compose file that cannot be read is left out, and why', async () => {
  using project = makeProject({
    files: { 'compose.yaml': 'services: [', 'services/a.js': SERVER },
    packages: false,
  });
  const [found] = (await init(project)).filter(({ event }) => event === 'left-out');
  expect(found).toMatchObject({ name: 'compose.yaml', reason: expect.stringContaining('it cannot be read') });
});

test('the name of a container is no host outside of compose', async () => {
  using project = makeProject({
    files: {
      'compose.yaml':
        'services:\n  api:\n    build: ./api\n    environment:\n' +
        '      REDIS_HOST: redis\n      PGHOST: db\n      PGPORT: 5432\n      MAIL_SERVER: mail\n      INNER_HOST: inner\n' +
        '      CACHE: redis\n      DB_HOST: db\n      DB_PORT: 9999\n' +
        '  redis:\n    image: redis\n    ports: ["6380:6379"]\n  db:\n    image: postgres\n    ports: ["5433:5432"]\n' +
        '  mail:\n    image: mailhog\n    ports: ["25:25", "8025:8025"]\n  inner:\n    image: inner\n',
      'api/package.json': '{"scripts":{"start":"node server.js"}}',
      'api/server.js': SERVER,
    },
    packages: false,
  });
  const events = await init(project);
  const { services } = JSON.parse(readFileSync(project.path('uber.config.json'), 'utf8'));
  expect(services.api.env).toEqual({
    REDIS_HOST: 'localhost',
    PGHOST: 'localhost',
    PGPORT: '5433',
    MAIL_SERVER: 'localhost',
    INNER_HOST: 'inner',
    CACHE: 'redis',
    DB_HOST: 'db',
    DB_PORT: '9999',
  });
  expect(events.find(({ service }) => service === 'api')?.notes).toEqual([
    'REDIS_HOST leads to this machine, where the container "redis" publishes port 6380 for its 6379',
    'PGHOST leads to the port that the container "db" publishes on this machine',
    'PGPORT leads to the port that the container "db" publishes on this machine',
    'MAIL_SERVER leads to this machine, where the container "mail" publishes port 25, 8025',
    'INNER_HOST names the container "inner", which publishes no such port: the value is as it was',
    'DB_HOST names the container "db", which publishes no such port: the value is as it was',
  ]);
});

test('no secret of an .env file is written into the configuration', async () => {
  using project = makeProject({
    files: {
      'compose.yaml':
        'services:\n  db:\n    image: postgres\n    ports: ["5433:5432"]\n  web:\n    build: ./apps/web\n' +
        '    environment:\n      MIXED: "postgres://u:${DB_PW}@db:5432/x"\n      OPEN: "http://${NAME}.example"\n',
      '.env': 'DB_PW=hunter2\nNAME=shop\n',
      'apps/web/.env': 'DATABASE_URL=postgres://u:hunter2@db:5432/x\nUSERS_API=http://users:1\n',
      'apps/web/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/web/server.js': SERVER,
      'apps/users/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/users/server.js': SERVER,
    },
    packages: false,
  });
  const events = await init(project);
  const written = readFileSync(project.path('uber.config.json'), 'utf8');
  expect(written).not.toContain('hunter2');
  expect(JSON.parse(written)).toMatchObject({
    services: { web: { env: { USERS_API: '${users.url}', OPEN: 'http://shop.example' } } },
  });
  expect(events.find(({ service }) => service === 'web')?.notes).toEqual([
    'compose fills in MIXED from its shell: set it in resources/web/.env.local',
    'DATABASE_URL leads to the port that the container "db" publishes on this machine',
    'DATABASE_URL of .env looks secret, so it is not copied: set it in resources/web/.env.local, with the address localhost:5433',
  ]);
});

test('names in a repository never become code of the configuration', async () => {
  using project = makeProject({
    files: {
      'compose.yaml': `services:\n  "x\\n}}; throw new Error('run'); //":\n    build: ./apps/web\n    environment: { "A'b\\n": "it's \\"so\\" \\\\ \\n" }\n`,
      'tsconfig.json': '{}',
      'apps/web/package.json': '{"scripts":{"start":"node server.js"}}',
      'apps/web/server.js': SERVER,
    },
    packages: false,
  });
  const { text } = (await init(project)).at(-1) as JsonEvent & { text: string };
  expect(text).toContain(`'A\\'b\\n': 'it\\'s "so" \\\\ \\n'`);
  const { stdout } = await runUber(['web', '--dry-run'], { cwd: project.root });
  expect(stdout).toContain('apps/web/server.js');
});

test.each([
  ['package.json', '{\n  "workspaces": ["apps/*"],\n}\n', 3],
  ['apps/api/package.json', '{\n  "scripts": { "start": "node server.js", }\n}', 2],
])('a broken %s is named, with the place', async (path, text, line) => {
  using project = makeProject({
    files: {
      'package.json': '{ "workspaces": ["apps/*"], "scripts": { "start": "node server.js" } }',
      'server.js': SERVER,
      'apps/api/server.js': SERVER,
      [path]: text,
    },
    packages: false,
  });
  const { stdout, stderr, exitCode } = await runUber(['init'], { cwd: project.root });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  expect(stderr).toContain(`error: ${project.path(...path.split('/'))}:${line}:`);
  expect(stderr).toContain('Mend this package.json');
});

test('a broken package.json of a folder that need not be a service is said', async () => {
  using project = makeProject({
    files: {
      'package.json': '{ "scripts": { "start": "node server.js" } }',
      'server.js': SERVER,
      'template/package.json': '{ "name": {{name}} }',
    },
    packages: false,
  });
  expect(await init(project, '--dry-run')).toContainEqual({
    event: 'left-out',
    name: 'template/package.json:1:12',
    reason: expect.stringMatching(/JSON$/),
  });
});
