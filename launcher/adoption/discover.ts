// Everything in a repository that could be a service, from all sources that name one.
import { readdirSync } from 'node:fs';
import { basename, dirname, extname, join, sep } from 'node:path';
import { readNetworkFacts } from '../build/network-facts.ts';
import { findEntry, isServiceFile } from '../catalog/entry-file.ts';
import { type PackageFile, shortName } from '../package-file.ts';
import { isFile, isFolder, readIfThere } from '../repository/files.ts';
import type { Candidate, Container, LeftOut } from './candidate.ts';
import { CandidateList } from './candidate-list.ts';
import { addCompose } from './discover-compose.ts';
import { folderOf, nameOf, plainProgram, toCandidate } from './make-candidate.ts';
import { readProcfile } from './procfile.ts';
import { readCommand } from './read-command.ts';
import type { Repository } from './repository.ts';

/** All that was found. */
export interface Discovery {
  readonly candidates: readonly Candidate[];
  readonly leftOut: readonly LeftOut[];
  readonly containers: readonly Container[];
}

/** Looks through a repository. Packages come first, then the root, the Procfile and compose, which add to them. */
export async function discover(repository: Repository): Promise<Discovery> {
  const list = new CandidateList();
  const leftOut: LeftOut[] = [];
  for (const folder of repository.folders) await addFolder(folder, repository, list, leftOut);
  for (const { message } of repository.broken) leftOut.push(brokenPackage(message, repository));
  addServiceFiles(repository, list);
  addRootScripts(repository, list, leftOut);
  for (const folder of [repository.root, ...repository.folders])
    addProcfile(folder, repository, list, leftOut);
  const containers = addCompose(repository, list, leftOut);
  // What one source could not start another may have.
  const names = new Set(list.all().flatMap(({ name, aliases }) => [name, ...aliases]));
  const reasons = new Map(leftOut.toReversed().map((item) => [item.name, item] as const));
  return {
    candidates: list.all(),
    leftOut: [...reasons.values()].filter(({ name }) => !names.has(name)).reverse(),
    containers,
  };
}

/** `/repo/x/package.json:1:2: Why.` -> what is said of x/package.json. */
function brokenPackage(message: string, { root }: Repository): LeftOut {
  const [place = '', ...reason] = message.replace(`${root}${sep}`, '').split(': ');
  return { name: place.split(sep).join('/'), reason: reason.join(': ').replace(/\.$/, '') };
}

/** Single files in `services/`, which the launcher finds by itself. */
function addServiceFiles({ root, short }: Repository, list: CandidateList): void {
  const folder = join(root, 'services');
  if (!isFolder(folder)) return;
  for (const name of readdirSync(folder).filter((file) => !/^[._]/.test(file) && isServiceFile(file))) {
    const entry = join(folder, name);
    if (!isFile(entry)) continue;
    const from = `${short(entry)} is in services/`;
    list.add(
      toCandidate(plainProgram(entry, folder), {
        name: basename(name, extname(name)),
        folder,
        from,
        file: null,
      }),
    );
  }
}

/** Scripts that start something, the best first. */
const START_SCRIPTS = ['start', 'dev', 'serve', 'start:dev', 'start:prod', 'dev:start', 'server', 'develop'];

async function addFolder(
  folder: string,
  repository: Repository,
  list: CandidateList,
  leftOut: LeftOut[],
): Promise<void> {
  const name = basename(folder);
  const file = repository.packages.get(folder) ?? null;
  const reason = file === null ? null : addScripts(file, START_SCRIPTS, repository, list);
  if (file !== null && reason === 'added') return;
  const entry = findEntry(folder)?.entry ?? null;
  const facts = entry === null ? null : await readNetworkFacts(entry);
  const isInServices = dirname(folder) === join(repository.root, 'services');
  if (entry !== null && (facts?.listens || (isInServices && facts?.exportsDefault))) {
    const from = facts.listens
      ? `${repository.short(entry)} listens`
      : `${repository.short(entry)} exports a service`;
    list.add(toCandidate(plainProgram(entry, folder), { name, folder, from, file }));
  } else if (reason !== null || file !== null || entry !== null) {
    leftOut.push({ name, reason: reason ?? 'a library: nothing starts it' });
  }
}

/** Adds what the first usable script starts. Answers why there is none: null when no script starts anything. */
function addScripts(
  file: PackageFile,
  scripts: readonly string[],
  repository: Repository,
  list: CandidateList,
): string | null {
  let reason: string | null = null;
  for (const script of scripts) {
    const line = file.scripts[script];
    if (line === undefined) continue;
    const reading = readCommand(line, file.dir, repository);
    reason ??= reading.reason;
    for (const program of reading.programs) {
      const from = `${repository.short(join(file.dir, 'package.json'))} "${script}"`;
      // The root's own name says less than what a Procfile calls the same program.
      const isNameWeak = file.dir === repository.root;
      list.add(
        toCandidate(program, {
          name: nameOf(program, repository),
          folder: folderOf(program, repository),
          from,
          file,
          isNameWeak,
        }),
      );
    }
    if (reading.programs.length > 0) return 'added';
  }
  return reason;
}

function addRootScripts(repository: Repository, list: CandidateList, leftOut: LeftOut[]): void {
  const file = repository.rootPackage;
  if (file === null) return;
  const apart = Object.keys(file.scripts).filter((name) => /^(?:start|dev|serve)[:-]/.test(name));
  const own = START_SCRIPTS.filter((name) => !apart.includes(name));
  const reason = addScripts(file, own, repository, list);
  for (const script of apart) {
    const { programs } = readCommand(file.scripts[script] ?? '', file.dir, repository);
    for (const program of programs) {
      const given = script.replace(/^(?:start|dev|serve)[:-]/, '');
      const isVariant = /^(?:dev|prod|production|debug|watch|all|local|test)$/.test(given);
      const folder = folderOf(program, repository);
      const isOwn = folder === repository.root && !isVariant;
      list.add(
        toCandidate(program, {
          name: isOwn ? given : nameOf(program, repository),
          folder,
          from: `package.json "${script}"`,
          file,
          isNameWeak: !isOwn,
        }),
      );
    }
  }
  if (reason !== null && reason !== 'added')
    leftOut.push({ name: shortName(file.name ?? basename(file.dir)), reason });
}

function addProcfile(folder: string, repository: Repository, list: CandidateList, leftOut: LeftOut[]): void {
  const path = join(folder, 'Procfile');
  const { lines, problems } = readProcfile(readIfThere(path) ?? '');
  for (const { line, reason } of problems)
    leftOut.push({ name: `${repository.short(path)}:${line}`, reason });
  for (const { name, command } of lines) {
    const reading = readCommand(command, folder, repository);
    const isRoot = folder === repository.root;
    const wish = isRoot ? name : name === 'web' ? basename(folder) : `${basename(folder)}-${name}`;
    const from = `${repository.short(path)} "${name}"`;
    for (const program of reading.programs)
      list.add(toCandidate(program, { name: wish, folder: folderOf(program, repository), from, file: null }));
    if (reading.programs.length === 0)
      leftOut.push({ name: wish, reason: reading.reason ?? `no Node program is in its command: ${command}` });
  }
}
