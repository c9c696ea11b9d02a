// Packages installed on demand, kept between runs in `.uber/bench` of this repository, which git ignores.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchTools } from '../scenario.ts';
import { Unavailable } from '../unavailable.ts';

export const REPOSITORY: string = join(import.meta.dirname, '..', '..', '..');

/** The packages of this repository: those that light services use. */
export const REPOSITORY_PACKAGES: string = join(REPOSITORY, 'node_modules');

/** Longest installation, in milliseconds. */
const LIMIT_MS = 300_000;

/**
 * Installs packages, if no earlier run has.
 * @param name of the set, for people
 * @param versions package -> exact version
 * @returns its `node_modules`
 * @throws Unavailable with the last line of npm when it cannot
 */
export async function install(
  name: string,
  versions: Readonly<Record<string, string>>,
  { leftovers, progress }: BenchTools,
): Promise<string> {
  const manifest = JSON.stringify({ private: true, dependencies: versions }, null, 2);
  const id = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
  const place = join(REPOSITORY, '.uber', 'bench', `${name}-${id}`);
  if (existsSync(place)) return join(place, 'node_modules');
  progress(`installing ${Object.keys(versions).join(', ')}`);
  mkdirSync(join(place, '..'), { recursive: true });
  // Beside its place, so that it can be moved there when it is complete.
  const folder = leftovers.adopt(`${place}.${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), manifest);
  await npmInstall(folder, leftovers);
  // Another run may have been faster: then its folder is as good.
  if (!existsSync(place)) renameSync(folder, place);
  return join(place, 'node_modules');
}

/** A folder of links to all packages of some folders; of two of one name the first is taken. */
export function linkPackages(into: string, folders: readonly string[]): void {
  mkdirSync(into, { recursive: true });
  for (const folder of folders) {
    for (const name of readdirSync(folder)) {
      if (name.startsWith('.') || existsSync(join(into, name))) continue;
      symlinkSync(join(folder, name), join(into, name), 'junction');
    }
  }
}

async function npmInstall(folder: string, leftovers: BenchTools['leftovers']): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  // npm tells the scripts it runs where it is; that also works where `npm` is no program but a script.
  const npm = process.env.npm_execpath;
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const child = leftovers.group(
    spawn(program, [...first, ...args], {
      cwd: folder,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const timer = setTimeout(() => leftovers.endGroup(child), LIMIT_MS);
  try {
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Unavailable(`npm install failed: ${lastLine(errors) || `exit code ${code}`}`);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(`npm could not be run: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    leftovers.endGroup(child);
  }
}

function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/log of this run/.test(line));
  return lines[0]?.trim() ?? '';
}
