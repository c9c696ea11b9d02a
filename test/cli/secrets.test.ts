// What uber shows and writes holds no secret, and what it writes is for its user alone.
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig } from '../../launcher/config/check-config.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { parseJsonFile } from '../../launcher/json-file.ts';
import { RunDirectory } from '../../launcher/resources/run-directory.ts';
import { makeProject, REPOSITORY } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

const SECRET = 'hunter2-is-the-password';
const FILES = {
  'services/foo.cjs':
    "require('node:http').createServer((q, r) => { r.end(); setImmediate(() => { throw new Error('broken'); }); }).listen(3000);",
  'services/bar.cjs': "throw new Error('bar is broken');",
};
const isWindows = process.platform === 'win32';

/** Every file and folder below one, as it is. */
function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

test.each([[['--json']], [[]]])(
  'a variable that is given with %j is in no line, event or file',
  async (args) => {
    using project = makeProject({ packages: false, files: FILES });
    const env = ['--env', `foo.DB_PASSWORD=${SECRET}`, '--env', `DATABASE_URL=postgres://me:${SECRET}@db/x`];
    await using uber = new UberProcess(['foo', '--keep', ...args, ...env], {
      cwd: project.root,
    });
    await uber.until(() => /http:\/\/127[^\s"]+/.test(uber.stdout), 'its address');
    const [url = ''] = /http:\/\/127[^\s"]+/.exec(uber.stdout) ?? [];
    for (const path of below(project.path('.uber')))
      if (statSync(path).isFile()) expect(readFileSync(path, 'utf8')).not.toContain(SECRET);
    await fetch(url).catch(() => undefined);
    await uber.until(() => /broken/.test(uber.stdout + uber.stderr), 'the crash');
    uber.kill('SIGTERM');
    const { stdout, stderr } = await uber.ended;
    expect(stdout + stderr).not.toContain(SECRET);
  },
);

test.each([
  ['services in a list', { services: [{ env: { PASSWORD: SECRET } }] }],
  ['a text for an environment', { services: { foo: { env: `PASSWORD=${SECRET}` } } }],
  ['an environment with an object in it', { services: { foo: { env: { PASSWORD: { value: SECRET } } } } }],
  ['a text for arguments', { services: { foo: { args: `--password=${SECRET}` } } }],
  ['an address with a password', { host: [`http://me:${SECRET}@db`] }],
])('%s is refused without the secret in it', async (_what, config) => {
  const error = await checkConfig(config, 'config').catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(JSON.stringify([error, (error as Error).message])).not.toContain(SECRET);
});

test('a mistake in a JSON file does not quote what stands beside it', () => {
  const text = `{ "PASSWORD": ${SECRET} }`;
  expect(() => parseJsonFile(text, 'x.json')).toThrow(/^x\.json:\d+:\d+: [^"]*$/);
});

test.each([SECRET, `=${SECRET}`, `A B=${SECRET}`, `ghp_${'a'.repeat(36)}`])(
  '--env %s is refused without its value',
  async (env) => {
    using project = makeProject({ packages: false, files: FILES });
    const error = await resolveConfig({ cwd: project.root, env: [env] }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'USAGE' });
    expect((error as Error).message).not.toMatch(/hunter2|aaaa/);
  },
);

test.each(isWindows ? [] : ['0', '022', '077', '0777'])(
  'with the umask %s all of a run is for its user alone',
  async (umask) => {
    using project = makeProject({ packages: false, files: { ...FILES } });
    // As another tool, or an older version, may have left it.
    mkdirSync(project.path('.uber', 'runs'), { recursive: true, mode: 0o777 });
    const main = join(REPOSITORY, 'dist', 'cli', 'main.js');
    project.write({
      'start.mjs': `process.umask(0o${umask}); process.argv.splice(1, 1); await import(${JSON.stringify(main)});`,
    });
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [project.path('start.mjs'), main, 'baz', '--json'], {
      cwd: project.root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    project.write({
      'services/baz/index.ts': 'enum A { B } export default (q: unknown, r: { end(): void }) => r.end();',
    });
    let text = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('"event":"up"')) resolve();
      });
      child.once('exit', () => resolve());
    });
    const modes = below(project.path('.uber')).map((path) => {
      const stats = statSync(path);
      return [path, (stats.mode & 0o777).toString(8), stats.isDirectory() ? '700' : '600'];
    });
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
    expect(modes.length).toBeGreaterThan(4);
    // What the service itself writes is its own matter; here it writes nothing.
    expect(modes.filter(([, mode, wanted]) => mode !== wanted)).toEqual([]);
    expect(statSync(project.path('.uber')).mode & 0o777).toBe(0o700);
  },
);

test('a .uber that is a link leaves the rights of what it leads to, and removes only the run', async () => {
  if (isWindows) return;
  using project = makeProject({ packages: false, files: { ...FILES, 'elsewhere/precious.txt': 'precious' } });
  const before = statSync(project.path('elsewhere')).mode;
  symlinkSync(project.path('elsewhere'), project.path('.uber'));
  const run = RunDirectory.create(project.root);
  expect(statSync(run.path).mode & 0o777).toBe(0o700);
  // A service may replace its folder by a link: only the link goes away.
  symlinkSync(project.path('elsewhere'), run.dataDir('foo'));
  await run.remove();
  expect(statSync(project.path('elsewhere')).mode).toBe(before);
  expect(readFileSync(project.path('elsewhere', 'precious.txt'), 'utf8')).toBe('precious');
});
