// Packs the package as npm would publish it, installs it in blank projects of several kinds and runs them as a user
// would. Also holds its limits: what the tarball may contain, how many packages and megabytes it brings.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bootAndCall } from './packaging/boot.ts';
import { Workshop } from './packaging/commands.ts';
import {
  COMMONJS,
  JSON_CONFIGURED,
  LIBRARY_ANSWER,
  type Project,
  TYPED,
  TYPESCRIPT,
} from './packaging/projects.ts';

const MOST_PACKAGES = 60;
const MOST_MEGABYTES = 40;
const PACKED = /^(?:dist\/.+|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;

const root = join(import.meta.dirname, '..');

if (process.argv.includes('--help')) {
  console.log(
    'node scripts/check-packaging.ts\n\nPacks the package, installs it in blank projects and runs them.',
  );
} else {
  const workshop = new Workshop();
  // `exit` is emitted in every ending: at the end, at an error nobody caught, and by the exit below.
  process.once('exit', () => workshop[Symbol.dispose]());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  process.exitCode = await main(workshop).catch((error: Error) => {
    console.log(`tarball: FAILED: ${error.message}`);
    return 1;
  });
}

/** Runs every check, also after one has failed; without a tarball there is none to run. */
async function main(workshop: Workshop): Promise<number> {
  const tarball = await pack(workshop);
  const checks: [string, () => Promise<string | undefined>][] = [
    ['installed alone', () => checkSize(tarball, workshop)],
    [TYPESCRIPT.title, () => checkProject(TYPESCRIPT, tarball, workshop)],
    [COMMONJS.title, () => checkProject(COMMONJS, tarball, workshop)],
    [TYPED.title, () => checkTyped(tarball, workshop)],
    [JSON_CONFIGURED.title, () => checkJson(tarball, workshop)],
    ['an older Node', () => checkOldNode(tarball, workshop)],
  ];
  let failed = 0;
  for (const [title, check] of checks) {
    const beganMs = performance.now();
    const text = await check().catch((error: Error) => {
      failed += 1;
      return `FAILED: ${error.message}`;
    });
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    console.log(`${title} (${seconds} s): ${text ?? 'fine'}`);
  }
  return failed === 0 ? 0 : 1;
}

/** Returns the path of the tarball. */
async function pack(workshop: Workshop): Promise<string> {
  await workshop.run(process.execPath, ['scripts/build.ts', '--if-stale'], root);
  const folder = workshop.project('tarball', {});
  // Without scripts: `prepare` would build once more, below the feet of whoever uses dist/ now.
  const output = await workshop.run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    root,
  );
  const [packed] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
  assert.ok(packed !== undefined, 'npm pack said nothing');
  const paths = packed.files.map(({ path }) => path);
  const surplus = paths.filter((path) => !PACKED.test(path));
  assert.ok(surplus.length === 0, `the tarball holds what nobody needs: ${surplus.join(', ')}`);
  console.log(
    `tarball: ${paths.length} files, ${(lstatSync(join(folder, packed.filename)).size / 1e6).toFixed(2)} MB`,
  );
  return join(folder, packed.filename);
}

async function checkSize(tarball: string, workshop: Workshop): Promise<string> {
  const folder = await install(
    { files: { 'package.json': '{ "private": true }' }, title: 'alone' },
    [tarball],
    workshop,
  );
  const modules = join(folder, 'node_modules');
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as { packages: object };
  const count = Object.keys(lock.packages).length;
  const megabytes = sizeOf(modules) / 1024 ** 2;
  const text = `${count} packages (at most ${MOST_PACKAGES}), ${megabytes.toFixed(1)} MB (at most ${MOST_MEGABYTES})`;
  assert.ok(count <= MOST_PACKAGES && megabytes <= MOST_MEGABYTES, text);
  return text;
}

async function checkProject(project: Project, tarball: string, workshop: Workshop): Promise<undefined> {
  const folder = await install(project, [tarball, 'express'], workshop);
  await bootAndCall(project, folder, workshop);
}

async function checkTyped(tarball: string, workshop: Workshop): Promise<string> {
  const folder = await install(TYPED, [tarball, 'express', '@types/node@22'], workshop);
  await bootAndCall(TYPED, folder, workshop);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await workshop.run(process.execPath, [tsc, '--noEmit'], folder);
  return 'fine, and tsc agrees';
}

async function checkJson(tarball: string, workshop: Workshop): Promise<string> {
  const folder = await install(JSON_CONFIGURED, [tarball, 'express'], workshop);
  const config = JSON.parse(readFileSync(join(folder, 'uber.config.json'), 'utf8')) as { $schema: string };
  const schema = JSON.parse(readFileSync(join(folder, config.$schema), 'utf8')) as { properties: object };
  for (const key of Object.keys(config))
    assert.ok(key in schema.properties, `the schema does not know ${key}`);
  await bootAndCall(JSON_CONFIGURED, folder, workshop);
  const printed = await workshop.run(process.execPath, ['use-library.js'], folder);
  assert.deepEqual(JSON.parse(printed), LIBRARY_ANSWER, `the script with require() printed ${printed}`);
  return 'fine, also as a library in CommonJS';
}

/** One clear line and exit code 2, instead of a syntax error. */
async function checkOldNode(tarball: string, workshop: Workshop): Promise<string> {
  const folder = await install(
    { files: { 'package.json': '{ "private": true }' }, title: 'old' },
    [tarball],
    workshop,
  );
  const node = oldNodeOnPath() ?? (await installOldNode(workshop));
  const bin = join(folder, 'node_modules', '.bin', 'uber');
  const { exitCode, stdout, stderr } = await workshop.start(node, [bin, 'foo'], folder).ended;
  assert.match(stderr, /^uber needs Node 22\.18 or newer; this is Node [\d.]+\.\n$/);
  assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: '' });
  return stderr.trim();
}

function oldNodeOnPath(): string | null {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return candidates.filter((path) => existsSync(path)).find(isOld) ?? null;
}

function isOld(node: string): boolean {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)/.exec(version)?.[1]) < 22;
}

async function installOldNode(workshop: Workshop): Promise<string> {
  const manifest = '{ "private": true, "allowScripts": { "node": true } }';
  const folder = await install({ files: { 'package.json': manifest }, title: 'node' }, ['node@20'], workshop);
  return join(folder, 'node_modules', '.bin', 'node');
}

/** Returns the folder of the project. */
async function install(
  { files, title }: Pick<Project, 'files' | 'title'>,
  packages: readonly string[],
  workshop: Workshop,
): Promise<string> {
  const folder = workshop.project(title.replaceAll(/\W+/g, '-'), files);
  await workshop.run('npm', ['install', '--no-audit', '--no-fund', ...packages], folder);
  return folder;
}

/** In bytes, as `du` counts: blocks of the disk, a file with several links once. */
function sizeOf(path: string, seen: Set<number> = new Set()): number {
  const stats = lstatSync(path);
  if (stats.nlink > 1 && seen.has(stats.ino)) return 0;
  seen.add(stats.ino);
  const own = (stats.blocks || Math.ceil(stats.size / 512)) * 512;
  if (!stats.isDirectory()) return own;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name), seen), own);
}
