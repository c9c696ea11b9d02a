// What a compose file says: services built here, and containers they need.

import { findEntry } from '../catalog/entry-file.ts';
import { readPackageFile } from '../package-file.ts';
import { type ComposeService, readCompose, readDockerCommand, sourceFolder } from '../repository/compose.ts';
import type { Candidate, CommandReading, Container, LeftOut } from './candidate.ts';
import type { CandidateList } from './candidate-list.ts';
import { folderOf, plainProgram, toCandidate } from './make-candidate.ts';
import { readCommand, readWords } from './read-command.ts';
import type { Repository } from './repository.ts';

/** Adds the services of the root's compose file, and answers the containers. */
export function addCompose(repository: Repository, list: CandidateList, leftOut: LeftOut[]): Container[] {
  const file = readCompose(repository.root);
  if (file === null) return [];
  const { path, services, problem } = file;
  if (problem !== null)
    leftOut.push({ name: repository.short(path), reason: `it cannot be read: ${problem}` });
  const containers: Container[] = [];
  for (const service of services) {
    const { name, build, image, ports } = service;
    if (!service.isMap) {
      leftOut.push({ name, reason: `it is no map in ${repository.short(path)}` });
      continue;
    }
    const folder = sourceFolder(service, repository.root);
    if (build === null) {
      containers.push({ name, image: image ?? 'no image', published: ports });
      leftOut.push({
        name,
        reason: `a container of the image ${image ?? '?'}: start it with docker compose up -d ${name}`,
      });
    } else if (folder === null) {
      leftOut.push({ name, reason: `there is no folder ${repository.short(build)}` });
    } else {
      const reason = addComposeService(service, { folder, path, repository, list });
      if (reason === null) continue;
      // A database with a Dockerfile of its own, or a service in another language: others may still call it.
      containers.push({ name, image: `built from ${repository.short(folder)}`, published: ports });
      leftOut.push({ name, reason });
    }
  }
  return containers;
}

interface ComposePlace {
  readonly folder: string;
  readonly path: string;
  readonly repository: Repository;
  readonly list: CandidateList;
}

/** Adds a service that compose builds; answers why it cannot. */
function addComposeService(
  service: ComposeService,
  { folder, path, repository, list }: ComposePlace,
): string | null {
  const known = service.command === null && folder !== repository.root ? list.ofFolder(folder) : null;
  const details = composeDetails(service, `${repository.short(path)} "${service.name}"`);
  if (known !== null) {
    list.add({
      ...known,
      ...details,
      notes: [...known.notes, ...unknownNotes(service)],
      name: service.name,
      isNameWeak: true,
    });
    return null;
  }
  const reading = readComposeProgram(service, folder, repository);
  for (const program of reading.programs) {
    const folder = folderOf(program, repository);
    const candidate = toCandidate(program, { name: service.name, folder, from: '', file: null });
    list.add({
      ...candidate,
      ...details,
      aliases: [...new Set([...candidate.aliases, ...details.aliases])],
      notes: [...candidate.notes, ...unknownNotes(service)],
    });
  }
  if (reading.programs.length > 0) return null;
  const isNode = readPackageFile(folder) !== null;
  return (isNode ? reading.reason : null) ?? `no Node program was found in ${repository.short(folder)}`;
}

function unknownNotes({ name, unknownEnv }: ComposeService): string[] {
  if (unknownEnv.length === 0) return [];
  return [`compose fills in ${unknownEnv.join(', ')} from its shell: set it in resources/${name}/.env.local`];
}

function composeDetails(
  service: ComposeService,
  from: string,
): Pick<Candidate, 'from' | 'aliases' | 'ports' | 'env' | 'envFiles' | 'dependsOn'> {
  return {
    from: [from],
    aliases: [service.name],
    ports: [...service.ports.values()],
    env: service.env,
    envFiles: service.envFiles,
    dependsOn: service.dependsOn,
  };
}

/** Its command, else that of its Dockerfile, else the entry file of its folder. */
function readComposeProgram(
  { command, dockerfile }: ComposeService,
  folder: string,
  repository: Repository,
): CommandReading {
  const given = command ?? (dockerfile === null ? null : readDockerCommand(dockerfile));
  if (given !== null) {
    const reading =
      typeof given === 'string'
        ? readCommand(given, folder, repository)
        : readWords(
            given.map((word) => word.replace(/^\/(?:usr\/src\/)?app\//, './')),
            folder,
            repository,
          );
    if (reading.programs.length > 0 || reading.reason !== null) return reading;
  }
  const entry = findEntry(folder)?.entry;
  return { programs: entry === undefined ? [] : [plainProgram(entry, folder)], reason: null };
}
