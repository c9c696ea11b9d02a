// A read-only checkout, a full disk and too many open files: a clear error or a way around it, and the next run works.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { LogFile, logLost } from '../../launcher/logs/log-file.ts';
import { stateFolder } from '../../launcher/resources/state-folder.ts';
import { APART } from '../support/placements.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { OWN_MOUNTS, runUber, UberProcess, type UberProcessOptions } from '../support/uber-process.ts';

const LISTENS = "require('http').createServer((request, response) => response.end('hello')).listen(3000);";

function project(files: Record<string, string> = {}): TestProject {
  const made = makeProject({ files: { 'services/foo.cjs': LISTENS, ...files }, packages: false });
  mkdirSync(made.path('tmp'));
  return made;
}

/** Starts it and stops it again. */
async function works(options: UberProcessOptions, args: readonly string[] = ['foo']): Promise<UberProcess> {
  await using uber = new UberProcess([...args, '--json'], options);
  await uber.event('up');
  uber.kill('SIGTERM');
  await uber.ended;
  return uber;
}

if (process.platform === 'linux') {
  beforeAll(() => {
    try {
      const [command = '', ...args] = OWN_MOUNTS;
      execFileSync(command, [...args, 'true'], { stdio: 'pipe' });
    } catch (cause) {
      const advice =
        'install util-linux, and allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)';
      throw new Error(
        `These tests mount file systems of their own with "unshare --user --mount": ${advice}.`,
        {
          cause,
        },
      );
    }
  });

  /** The folder as it is, but nothing in it can be changed. */
  const readOnly = (path: string): string =>
    `mount --bind '${path}' '${path}'\nmount -o remount,ro,bind '${path}'`;
  const small = (path: string): string => `mount -t tmpfs -o size=256k tmpfs '${path}'`;

  describe('a read-only checkout', () => {
    function options({ root }: TestProject, temporary: string): UberProcessOptions {
      const shell = `${readOnly(root)}\nmount --bind '${temporary}' '${temporary}'\ncd '${root}'`;
      return { cwd: root, env: { TMPDIR: temporary }, shell, ownMounts: true };
    }

    test('has its files below the temporary folder, for this user only, and none at the end', async () => {
      using checkout = project();
      using other = makeProject({ packages: false });
      await using uber = new UberProcess(['foo', '--json'], options(checkout, other.root));
      const { services } = await uber.event('up');
      expect((services as [{ dataDir: string }])[0].dataDir.startsWith(other.root)).toBe(true);
      expect(existsSync(checkout.path('.uber'))).toBe(false);
      uber.kill('SIGKILL');
      await uber.ended;
      const doctor = await runUber(['doctor'], options(checkout, other.root));
      expect(doctor.stdout).toContain('has ended without stopping');
      await works(options(checkout, other.root));
      const [user = ''] = readdirSync(other.root).filter((name) => name.startsWith('uber-state-'));
      const [state = ''] = readdirSync(other.path(user));
      expect(readdirSync(other.path(user, state, 'runs'))).toEqual([]);
    });

    test.each(APART)(
      'has compiled sources that a service with permissions may read: %s',
      async (placement) => {
        using checkout = project({
          'services/typed.ts': `const text: string = 'typed';\n${LISTENS.replace(/require\('http'\)/, "(await import('node:http'))").replace("'hello'", 'text')}`,
          'uber.config.json': JSON.stringify({ services: { typed: { placement, permissions: {} } } }),
        });
        using other = makeProject({ packages: false });
        const uber = await works(options(checkout, other.root), ['typed']);
        expect(uber.stdout).not.toContain('may not read');
      },
    );

    test('a trap in the temporary folder is not stepped into', async () => {
      using checkout = project();
      using other = makeProject({ packages: false });
      mkdirSync(other.path('of-somebody'));
      symlinkSync(other.path('of-somebody'), other.path('uber-state-0'));
      const result = await runUber(['foo'], options(checkout, other.root));
      expect(result).toMatchObject({
        exitCode: 1,
        stderr: `error: ${other.path('uber-state-0')} is not a folder that only you can use.\nThe project cannot be written to, so uber would keep its files there. Remove ${other.path('uber-state-0')}, or set TMPDIR.\n`,
      });
      expect(readdirSync(other.path('of-somebody'))).toEqual([]);
    });
  });

  describe('a full disk', () => {
    test('at the start is named, and the next run works', async () => {
      using checkout = project();
      mkdirSync(checkout.path('.uber'));
      const disk = checkout.path('.uber');
      const shell = `${small(disk)}\nhead -c 300000 /dev/zero > '${disk}/fill' 2>/dev/null || true`;
      const result = await runUber(['foo'], { cwd: checkout.root, shell, ownMounts: true });
      expect(result.stderr).toContain('error: The disk is full: Cannot write to ');
      expect(result.stderr).toContain(disk);
      expect(result.exitCode).toBe(1);
      await works({ cwd: checkout.root });
      expect(checkout.leftRuns()).toEqual([]);
    });

    test('while something is compiled is named, and the next run works', async () => {
      using checkout = project({
        'services/big.ts': `const text: string = '${'x'.repeat(300_000)}';\nconsole.log(text.length);`,
      });
      mkdirSync(checkout.path('.uber'));
      const shell = small(checkout.path('.uber'));
      const result = await runUber(['big'], { cwd: checkout.root, shell, ownMounts: true });
      expect(result.stderr).toContain(
        `error: The disk is full: Cannot write to ${checkout.path('.uber', 'cache', 'build')}: ENOSPC`,
      );
      expect(result.exitCode).toBe(1);
      await works({ cwd: checkout.root });
    });

    test('while services run takes the logs only', async () => {
      using checkout = project({
        'services/loud.cjs': `for (let line = 0; line < 5000; line += 1) console.log('x'.repeat(100)); ${LISTENS}`,
      });
      mkdirSync(checkout.path('.uber'));
      const shell = small(checkout.path('.uber'));
      const uber = await works({ cwd: checkout.root, shell, ownMounts: true }, ['foo', 'loud']);
      expect(
        uber.events().filter(({ event, service }) => event === 'log' && service === 'loud'),
      ).toHaveLength(5000);
      await works({ cwd: checkout.root });
    });
  });
}

test('a log file that cannot be written is told once', async () => {
  using checkout = project();
  const errors: string[] = [];
  const file = new LogFile(checkout.path('nowhere', 'foo.log'), (error) => errors.push(error.message));
  file.write(Buffer.from('x'));
  await new Promise(setImmediate);
  file.write(Buffer.from('x'));
  expect(errors).toEqual([expect.stringContaining('ENOENT')]);
  const { error } = logLost('foo', new Error('ENOSPC: no space left on device, write'));
  expect(error).toMatchObject({
    code: 'DATA_DIR_FAILED',
    service: 'foo',
    hint: expect.stringContaining('Make room'),
  });
});

if (process.platform !== 'win32') {
  test.each([22, 24, 28, 30, 36, 44, 52])(
    'with at most %i open files it fails clearly, and the next run works',
    async (limit) => {
      const typed =
        "import { createServer } from 'node:http';\nconst port: number = 3000;\ncreateServer().listen(port);";
      using checkout = project({
        'services/typed.ts': typed,
        'services/a.cjs': LISTENS,
        'services/b.cjs': LISTENS,
        'services/c.cjs': LISTENS,
      });
      const result = await runUber(['up'], { cwd: checkout.root, shell: `ulimit -n ${limit}` });
      expect(result.stderr).toContain(`This process may have ${limit} files and sockets open.`);
      expect(result.stderr).toContain('ulimit -n 4096');
      expect(result.exitCode).toBe(1);
      expect(checkout.leftRuns()).toEqual([]);
      await works({ cwd: checkout.root }, ['up']);
      expect(checkout.leftRuns()).toEqual([]);
    },
  );
}

test('a checkout that can be written to has its files in it', () => {
  using checkout = project();
  expect(stateFolder(checkout.root)).toBe(checkout.path('.uber'));
});
