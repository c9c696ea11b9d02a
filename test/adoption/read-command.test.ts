// Which program a command line runs, in all the styles of the field.
import { relative } from 'node:path';
import { readCommand } from '../../launcher/adoption/read-command.ts';
import { readRepository } from '../../launcher/adoption/repository.ts';
import { makeProject } from '../support/project.ts';

const FILES = {
  'package.json': JSON.stringify({
    name: 'root',
    main: 'lib/main.js',
    workspaces: ['apps/*'],
    scripts: {
      a: 'npm run b -- --flag',
      b: 'node x.js',
      loop: 'npm run loop',
      'dev:one': 'node x.js',
      'dev:two': 'tsx y.ts',
    },
    devDependencies: { '@shop/tools': '*' },
  }),
  'x.js': '',
  'y.ts': '',
  'bin/www': '',
  'lib/main.js': '',
  'src/index.ts': '',
  'src/main.ts': '',
  'src/deep/run.ts': '',
  'apps/web/package.json': JSON.stringify({ name: '@shop/web', scripts: { start: 'node server.js' } }),
  'apps/web/server.js': '',
  'apps/api/package.json': JSON.stringify({ name: '@shop/api' }),
  'apps/api/tsconfig.json':
    '{ // comments are fine\n "compilerOptions": { "outDir": "./target/js", "rootDir": "./code" } }',
  'apps/api/code/start.ts': '',
  'apps/api/built.js': '',
  'node_modules/some-server/package.json': JSON.stringify({ name: 'some-server', bin: 'cli.js' }),
  'node_modules/some-server/cli.js': '',
  'node_modules/@shop/tools/package.json': JSON.stringify({
    name: '@shop/tools',
    bin: { 'run-shop': './bin/run' },
  }),
  'node_modules/@shop/tools/bin/run.js': '',
};

interface Expected {
  entry: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  envFiles?: string[];
}

async function read(
  line: string,
  folder = '.',
): Promise<{ programs: Required<Expected>[]; reason: string | null }> {
  using project = makeProject({ files: FILES, packages: false });
  const { programs, reason } = readCommand(line, project.path(folder), readRepository(project.root));
  const short = (path: string): string => relative(project.root, path).replaceAll('\\', '/') || '.';
  return {
    reason,
    programs: programs.map(({ entry, args, env, cwd, envFiles }) => ({
      entry: short(entry),
      args: [...args],
      env: { ...env },
      cwd: short(cwd),
      envFiles: envFiles.map(short),
    })),
  };
}

test.each<[string, Expected]>([
  ['node x.js', { entry: 'x.js' }],
  ['node x', { entry: 'x.js' }],
  ['node .', { entry: 'lib/main.js' }],
  ['node bin/www', { entry: 'bin/www' }],
  ['./bin/www', { entry: 'bin/www' }],
  ['node --watch x.js --verbose', { entry: 'x.js', args: ['--verbose'] }],
  ['node --import tsx src/index.ts', { entry: 'src/index.ts' }],
  ['node --import=tsx --inspect=9229 src/index.ts', { entry: 'src/index.ts' }],
  ['node -r dotenv/config x.js', { entry: 'x.js' }],
  ['node -r ts-node/register/transpile-only -r tsconfig-paths/register y.ts', { entry: 'y.ts' }],
  ['node --env-file=.env.dev x.js', { entry: 'x.js', envFiles: ['.env.dev'] }],
  ['node --env-file .env.dev --enable-source-maps x.js', { entry: 'x.js', envFiles: ['.env.dev'] }],
  ['dotenv -e .env.dev -- node x.js', { entry: 'x.js', envFiles: ['.env.dev'] }],
  ['tsx src/index.ts', { entry: 'src/index.ts' }],
  ['tsx watch --clear-screen=false src/index.ts', { entry: 'src/index.ts' }],
  ['npx tsx watch src/index.ts', { entry: 'src/index.ts' }],
  ['ts-node src/index.ts', { entry: 'src/index.ts' }],
  ['ts-node -P tsconfig.json src/index.ts', { entry: 'src/index.ts' }],
  ['ts-node-dev --respawn --transpile-only src/index.ts', { entry: 'src/index.ts' }],
  ['nodemon x.js', { entry: 'x.js' }],
  ['nodemon', { entry: 'lib/main.js' }],
  ['nodemon --watch src --ext ts --exec ts-node src/index.ts', { entry: 'src/index.ts' }],
  ["nodemon --exec 'node --import tsx src/index.ts'", { entry: 'src/index.ts' }],
  ["nodemon -w src -e ts -x 'tsc && node dist/index.js'", { entry: 'src/index.ts' }],
  ['nest start --watch', { entry: 'src/main.ts' }],
  ['PORT=3001 node x.js', { entry: 'x.js', env: { PORT: '3001' } }],
  [
    'cross-env A=b NODE_ENV=dev node x.js --flag',
    { entry: 'x.js', args: ['--flag'], env: { A: 'b', NODE_ENV: 'dev' } },
  ],
  ['node x.js --port $PORT', { entry: 'x.js', args: ['--port', '3000'] }],
  // The text is a shell's.
  ['node x.js ${PORT:-5000}', { entry: 'x.js', args: ['5000'] }],
  ["node x.js 'two words' > log.txt", { entry: 'x.js', args: ['two words'] }],
  ['VERSION=$(git rev-parse (x)) A=b node x.js', { entry: 'x.js', env: { A: 'b' } }],
  ['echo "$(date)" && node x.js', { entry: 'x.js' }],
  ["node x.js '$(not run)' \"it's\"", { entry: 'x.js', args: ['$(not run)', "it's"] }],
  ["node x.js # it's fine", { entry: 'x.js' }],
  [
    'node -r dotenv/config x.js dotenv_config_path=.env.dev --flag',
    { entry: 'x.js', args: ['--flag'], envFiles: ['.env.dev'] },
  ],
  ['node x.js | pino-pretty', { entry: 'x.js' }],
  ['tsc && node dist/index.js', { entry: 'src/index.ts' }],
  ['npm run build; node dist', { entry: 'src/index.ts' }],
  ['node dist/src/deep/run.js', { entry: 'src/deep/run.ts' }],
  ['npm run b', { entry: 'x.js' }],
  ['npm run a', { entry: 'x.js', args: ['--flag'] }],
  ['yarn b', { entry: 'x.js' }],
  ['node --run b', { entry: 'x.js' }],
  ['cd apps/web && npm start', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['npm start --prefix apps/web', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['npm run start -w @shop/web', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['npm --workspace=apps/web start', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['yarn workspace @shop/web start', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['pnpm --filter @shop/web start', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  ['pnpm -F web run start', { entry: 'apps/web/server.js', cwd: 'apps/web' }],
  [
    'some-server public -p 8080',
    { entry: 'node_modules/some-server/cli.js', args: ['public', '-p', '8080'] },
  ],
  ['npx --yes some-server', { entry: 'node_modules/some-server/cli.js' }],
  ['run-shop', { entry: 'node_modules/@shop/tools/bin/run.js' }],
])('%s', async (line, expected) => {
  const { programs, reason } = await read(line);
  expect(reason).toBeNull();
  expect(programs).toEqual([{ args: [], env: {}, cwd: '.', envFiles: [], ...expected }]);
});

test.each<[string, string]>([
  ['node target/js/start.js', 'apps/api/code/start.ts'],
  ['node target/js/start', 'apps/api/code/start.ts'],
  ['node built.js', 'apps/api/built.js'],
])('in a package with outDir and rootDir, %s runs the source', async (line, entry) => {
  expect((await read(line, 'apps/api')).programs).toMatchObject([{ entry, cwd: 'apps/api' }]);
});

test.each<[string, string[]]>([
  ['concurrently "node x.js" "tsx y.ts"', ['x.js', 'y.ts']],
  ['concurrently -k -n api,web -c blue,red "npm:dev:one" "npm:dev:two"', ['x.js', 'y.ts']],
  ['concurrently "npm:dev:*"', ['x.js', 'y.ts']],
  ['npm-run-all --parallel dev:one dev:two', ['x.js', 'y.ts']],
  ['run-p -r "dev:*"', ['x.js', 'y.ts']],
  ['node x.js & node y.ts', ['x.js', 'y.ts']],
  ['(cd apps/web && npm start) & node x.js', ['apps/web/server.js', 'x.js']],
])('%s runs several programs', async (line, entries) => {
  expect((await read(line)).programs.map(({ entry }) => entry)).toEqual(entries);
});

test.each<[string, string | null]>([
  ['tsc --watch', null],
  ['turbo run dev', null],
  ['node -e "console.log(1)"', null],
  ['docker compose up', null],
  ['no-such-server .', '"no-such-server" is not installed here: install the packages first'],
  ['node dist/gone.js', 'dist/gone.js does not exist; build it first?'],
  ['next dev', '"next" starts processes of its own: run it beside uber'],
  ['npm run nothing', 'package.json has no script "nothing"'],
  ['npm run loop', 'its scripts call each other in a circle'],
  ['npm start --prefix apps/nowhere', 'there is no package "apps/nowhere"'],
  ['', null],
  ['node $(cat x)', 'its command is not understood: only a shell can run node $(cat x)'],
  ['node `cat x`', 'its command is not understood: only a shell can run node `cat x`'],
  ['node "x.js', 'its command is not understood: a quote is not closed in node "x.js'],
  ["node x.js it's", "its command is not understood: a quote is not closed in node x.js it's"],
  ['node $(cat x', 'its command is not understood: a quote is not closed in node $(cat x'],
])('"%s" runs no program of ours', async (line, reason) => {
  expect(await read(line)).toEqual({ programs: [], reason });
});

test.each<[string, string[]]>([
  ['nodemon -r dotenv/config x.js', ['its command preloads "dotenv/config", whose work uber does itself']],
  ['nodemon --exec "node -r ./a.js" x.js', ['its command preloads "./a.js", which uber does not']],
  ['nodemon --exec node -r ./a.js x.js', ['its command preloads "./a.js", which uber does not']],
  ['nodemon x.js -r ./a.js', []],
  ['node --watch --require=./a.js x.js', ['its command preloads "./a.js", which uber does not']],
  ['node --import tsx y.ts', []],
  [
    'cross-env NODE_ENV=dev node --import ./a.mjs x.js',
    ['its command preloads "./a.mjs", which uber does not'],
  ],
  ['concurrently "node -r ./a.js x.js"', ['its command preloads "./a.js", which uber does not']],
])('what "%s" preloads is noted', async (line, notes) => {
  using project = makeProject({ files: FILES, packages: false });
  const { programs } = readCommand(line, project.root, readRepository(project.root));
  expect(programs.map((program) => program.notes)).toEqual([notes]);
});
