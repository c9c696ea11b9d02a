// The launchers that are compared: how each is run, and what its "up" line says.
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './project.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

export type LauncherName = 'bare' | 'uber';

/** One side of the comparison. */
export interface Launcher {
  /** Arguments for Node. */
  readonly args: (project: Project) => readonly string[];
  /** Base URL of each service by its name, from the event `up`. */
  readonly urls: (up: Readonly<Record<string, unknown>>) => ReadonlyMap<string, string>;
}

/** The packages of this repository: those that the services of the benchmark use. */
export const PACKAGES = join(ROOT, 'node_modules');

/**
 * Both launchers.
 * @param folder empty; gets a copy of the built launcher, so that a build meanwhile does not change what is measured
 */
export function makeLaunchers(folder: string): Readonly<Record<LauncherName, Launcher>> {
  return { bare: BARE, uber: uberFrom(copyLauncher(folder)) };
}

/** Copies the built launcher into an empty folder and returns the file of its command. */
export function copyLauncher(folder: string): string {
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(PACKAGES, join(folder, 'node_modules'), 'junction');
  return join(folder, 'dist', 'cli', 'main.js');
}

const BARE: Launcher = {
  args: ({ services }) => [
    join(import.meta.dirname, 'bare', 'main.mjs'),
    ...services.map(({ file }) => file),
  ],
  urls: ({ ports }) => {
    const byName = Object.entries(ports as Record<string, number>);
    return new Map(byName.map(([name, port]) => [name, `http://127.0.0.1:${port}`]));
  },
};

function uberFrom(program: string): Launcher {
  return {
    args: ({ services }) => [program, ...services.map(({ name }) => name), '--json'],
    urls: ({ services }) =>
      new Map((services as { service: string; url: string }[]).map(({ service, url }) => [service, url])),
  };
}
