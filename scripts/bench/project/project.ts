// A temporary project of N services: the same files for everything that is compared.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkPackages } from './packages.ts';

/** The project on disk. */
export interface Project {
  readonly root: string;
  /** In the order they are started. */
  readonly services: readonly { readonly name: string; readonly file: string }[];
  /** Packages that one Express process needs beside Express to do the same work. */
  readonly preload: readonly string[];
}

/** What a project is made of. */
export interface ProjectParts {
  /** How many services; they are called `s01`, `s02` and so on. */
  readonly count: number;
  /** `js`, `ts` or `cjs`. */
  readonly extension: string;
  readonly source: (name: string) => string;
  /** Folders `node_modules`; of two packages of one name the first is taken. */
  readonly packages: readonly string[];
  readonly preload?: readonly string[];
}

/** Writes a project into an empty folder. */
export function writeProject(root: string, parts: ProjectParts): Project {
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'bench', private: true, type: 'module' }));
  linkPackages(join(root, 'node_modules'), parts.packages);
  const services = Array.from({ length: parts.count }, (_, index) => {
    const name = `s${String(index + 1).padStart(2, '0')}`;
    const folder = join(root, 'services', name);
    const file = join(folder, `index.${parts.extension}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, parts.source(name));
    return { name, file };
  });
  return { root, services, preload: parts.preload ?? [] };
}

/** Replaces the line `version = ...` of a service, as an editor does that saves the file. */
export function saveVersion(project: Project, name: string, version: number): void {
  const file = project.services.find((service) => service.name === name)?.file;
  if (file === undefined) throw new Error(`no service ${name}`);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/version = \d+/, `version = ${version}`));
}
