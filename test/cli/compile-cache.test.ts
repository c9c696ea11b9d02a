// The compiled code of the launcher is kept where only its user can write, and nothing depends on it.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeProject, REPOSITORY, type TestProject } from '../support/project.ts';

/** The package as it is installed, in a place of its own. */
function install(): TestProject {
  const project = makeProject({ packages: false });
  for (const name of ['dist', 'package.json'])
    cpSync(join(REPOSITORY, name), project.path(name), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), project.path('node_modules'), 'junction');
  return project;
}

async function help(project: TestProject, env: Record<string, string> = {}): Promise<string> {
  const { NODE_COMPILE_CACHE: _, NODE_V8_COVERAGE: __, ...inherited } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [project.path('dist', 'cli', 'main.js'), '--help'],
    { env: { ...inherited, ...env } },
  );
  return stdout;
}

function kept(project: TestProject): string[] {
  return globSync('.uber/cache/launcher/*/*', { cwd: project.root });
}

test('compiled code is kept in a private folder of the package, by two launchers at once, and used again', async () => {
  using project = install();
  const [first, second] = await Promise.all([help(project), help(project)]);
  expect(first).toContain('uber up [services..]');
  expect(second).toBe(first);
  const names = kept(project);
  expect(names.length).toBeGreaterThan(2);
  if (process.platform !== 'win32')
    expect(statSync(project.path('.uber', 'cache', 'launcher')).mode & 0o777).toBe(0o700);
  const times = names.map((name) => statSync(project.path(name)).mtimeMs);
  expect(await help(project)).toBe(first);
  expect(names.map((name) => statSync(project.path(name)).mtimeMs)).toEqual(times);
});

test('what is damaged is not used', async () => {
  using project = install();
  const before = await help(project);
  for (const name of kept(project)) writeFileSync(project.path(name), 'damaged'.repeat(100));
  expect(await help(project)).toBe(before);
});

test('a package that nothing can be kept in works', async () => {
  using project = install();
  writeFileSync(project.path('.uber'), '');
  expect(await help(project)).toContain('uber up');
});

test('a folder that others can write to is not used', async () => {
  using project = install();
  const folder = project.path('.uber', 'cache', 'launcher');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  expect(await help(project)).toContain('uber up');
  // Windows has no such modes.
  if (process.platform !== 'win32') expect(kept(project)).toEqual([]);
});

test('nothing is kept while coverage is measured', async () => {
  using project = install();
  await help(project, { NODE_V8_COVERAGE: project.path('coverage') });
  expect(existsSync(project.path('.uber'))).toBe(false);
});
