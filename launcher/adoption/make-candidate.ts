// A program -> a candidate: its folder, its name, and what others may call it.
import { basename, dirname, extname, relative } from 'node:path';
import { type PackageFile, shortName } from '../package-file.ts';
import type { Candidate, Program } from './candidate.ts';
import { ownFolder } from './program-file.ts';
import type { Repository } from './repository.ts';

/** A program that a command does not describe. */
export function plainProgram(entry: string, cwd: string): Program {
  return { entry, args: [], cwd, env: {}, envFiles: [], isInstalled: false, name: null, notes: [] };
}

/** What is known beside the program. */
export interface CandidateDetails {
  readonly name: string;
  readonly folder: string;
  readonly from: string;
  /** The package whose script it is; its name is one to be called by. */
  readonly file: PackageFile | null;
  readonly isNameWeak?: boolean;
}

/** A candidate with one source. */
export function toCandidate(
  program: Program,
  { name, folder, from, file, isNameWeak = false }: CandidateDetails,
): Candidate {
  const own =
    file !== null && file.dir === folder && file.name !== null ? [file.name, shortName(file.name)] : [];
  return {
    name: program.name ?? name,
    isNameWeak: isNameWeak && program.name === null,
    program,
    folder,
    from: from === '' ? [] : [from],
    aliases: [...new Set([program.name ?? name, basename(folder), ...own])],
    ports: [],
    env: {},
    envFiles: [],
    dependsOn: [],
    notes: program.notes,
  };
}

/** The folder a program belongs to. */
export function folderOf(program: Program, { root }: Repository): string {
  if (program.isInstalled) return program.cwd;
  const own = ownFolder(program.entry, root);
  return own === root && program.cwd !== root && program.entry.startsWith(program.cwd) ? program.cwd : own;
}

/** A name for a program nobody has named: its folder, or its file when that lies in the root. */
export function nameOf(program: Program, repository: Repository): string {
  const folder = folderOf(program, repository);
  if (folder !== repository.root) return basename(folder);
  const stem = basename(program.entry, extname(program.entry));
  const isGeneric = /^(?:index|main|server|app|start|www)$/.test(stem);
  if (program.isInstalled || isGeneric) {
    const parts = relative(repository.root, dirname(program.entry)).split(/[/\\]/);
    const own = parts.filter((part) => !/^(?:src|bin|lib|\.\.|)$/.test(part)).at(-1);
    if (!program.isInstalled && own !== undefined) return own;
    return shortName(repository.rootPackage?.name ?? basename(repository.root));
  }
  return stem;
}
