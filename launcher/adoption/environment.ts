// The `env` and the dependencies of one service, from what its command, compose, its `.env` files and its sources say.
import { join } from 'node:path';
import { parse } from 'dotenv';
import { addressesIn } from '../addresses.ts';
import { envName } from '../names.ts';
import { referencesIn, referenceTo } from '../references.ts';
import { readIfThere } from '../repository/files.ts';
import { masked } from '../secrets.ts';
import type { Draft } from './draft.ts';
import type { Repository } from './repository.ts';
import { type Neighbours, serviceCalled } from './rewrite-addresses.ts';
import { rewriteVariable } from './rewrite-variable.ts';

/** What one service needs of its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** Names of services, those it must wait for first. */
  readonly dependsOn: readonly string[];
  readonly notes: readonly string[];
}

/** What comes from where; later ones win. */
interface Source {
  readonly values: Readonly<Record<string, string>>;
  /** True for what the launcher reads by itself: only what has to be changed is written. */
  readonly isRead: boolean;
  /** True for a file that may be kept out of version control: no secret of it is written down. */
  readonly isPrivate: boolean;
}

/** Works out the surroundings of a service. */
export function surroundingsOf(draft: Draft, neighbours: Neighbours, repository: Repository): Surroundings {
  const { name, candidate, facts } = draft;
  const others = neighbours.drafts.filter((other) => other !== draft);
  const injected = injectedNames(neighbours.drafts);
  const dependsOn = candidate.dependsOn
    .map((text) => serviceCalled(text, others))
    .filter((it) => it !== null);
  const env: Record<string, string> = {};
  const notes: string[] = [];
  const { sources, notes: fileNotes } = sourcesOf(draft, repository);
  notes.push(...fileNotes);
  for (const { values, isRead, isPrivate } of sources) {
    for (const [key, value] of Object.entries(values)) {
      if (key === 'PORT' || key === 'HOST') continue;
      const { value: rewritten, services, notes: own } = rewriteVariable(key, values, name, neighbours);
      dependsOn.push(...services);
      notes.push(...own);
      const owner = injected.get(key);
      if (owner !== undefined) {
        const wanted = services.length > 0 ? rewritten : asUrl(key, rewritten, owner);
        // The launcher puts the plain address there by itself; anything else is written, and wins.
        if (referencesIn(wanted).length > 0 && !isInjected(key, wanted, owner)) env[key] = wanted;
        else notes.push(...injectedNotes(key, rewritten, owner, name));
      } else if (isPrivate && rewritten !== value && masked(key, value) !== value) {
        notes.push(
          `${key} of .env looks secret, so it is not copied: set it in resources/${name}/.env.local, ${toSet(rewritten)}`,
        );
      } else if (!isRead || rewritten !== value) env[key] = rewritten;
      else delete env[key];
    }
  }
  for (const key of facts?.envReads ?? []) {
    const owner = injected.get(key);
    if (owner !== undefined && owner !== name) dependsOn.push(owner);
  }
  return {
    env,
    dependsOn: [...new Set(dependsOn)].filter((other) => other !== name),
    notes: [...new Set(notes)],
  };
}

/** Variable -> the service whose address the launcher puts there. */
function injectedNames(drafts: readonly Draft[]): Map<string, string> {
  const members = ['URL', 'HOST', 'PORT', 'SERVICE_HOST', 'SERVICE_PORT'];
  return new Map(drafts.flatMap(({ name }) => members.map((member) => [`${envName(name)}_${member}`, name])));
}

/** Lowest first. */
function sourcesOf(
  { candidate, facts }: Draft,
  repository: Repository,
): { sources: Source[]; notes: string[] } {
  const { program, folder } = candidate;
  const isRead = (key: string): boolean => facts === null || facts.envReads.has(key);
  const rootValues = Object.entries(readEnv(join(repository.root, '.env'))).filter(([key]) => isRead(key));
  const readFiles = [folder, program.cwd].map((place) => join(place, '.env'));
  const files = [...candidate.envFiles, ...program.envFiles].filter(
    (path) => !readFiles.includes(path) && path !== join(repository.root, '.env'),
  );
  const { values, notes } = readEnvFiles(files, repository);
  const isCompose = Object.keys(candidate.env).length > 0;
  return {
    sources: [
      { values: facts?.envDefaults ?? {}, isRead: true, isPrivate: false },
      { values: Object.fromEntries(rootValues), isRead: true, isPrivate: true },
      ...(folder === repository.root
        ? []
        : readFiles.map((path) => ({ values: readEnv(path), isRead: true, isPrivate: true }))),
      { values, isRead: false, isPrivate: false },
      ...(isCompose ? [{ values: candidate.env, isRead: false, isPrivate: false }] : []),
      { values: program.env, isRead: false, isPrivate: false },
    ],
    notes,
  };
}

/** Where a value has to lead, without what it holds beside. */
function toSet(rewritten: string): string {
  const places = addressesIn(rewritten).map(({ host, port }) => (port === null ? host : `${host}:${port}`));
  return places.length === 0
    ? 'with an address that holds at every start'
    : `with the address ${places.join(', ')}`;
}

function readEnv(path: string): Record<string, string> {
  return parse(readIfThere(path) ?? '');
}

/** Files that only a command or compose names. What looks secret is not copied into a file that is committed. */
function readEnvFiles(
  files: readonly string[],
  { short }: Repository,
): { values: Record<string, string>; notes: string[] } {
  const values: Record<string, string> = {};
  const notes: string[] = [];
  for (const path of new Set(files)) {
    const entries = Object.entries(readEnv(path));
    const secrets = entries.filter(([key, value]) => masked(key, value) !== value).map(([key]) => key);
    for (const [key, value] of entries) if (!secrets.includes(key)) values[key] = value;
    if (entries.length > secrets.length) notes.push(`the values of ${short(path)} are written into "env"`);
    if (secrets.length > 0)
      notes.push(
        `${secrets.join(', ')} of ${short(path)} not copied, as it looks secret: use --env-file ${short(path)}`,
      );
  }
  return { values, notes };
}

/** A program may expect a whole URL in a variable that is called a host. */
function asUrl(key: string, value: string, owner: string): string {
  const [address] = /HOST$/.test(key) ? addressesIn(value) : [];
  if (address === undefined || !/^https?$/.test(address.scheme ?? '')) return value;
  return value.replace(address.text, referenceTo(owner, 'url'));
}

/** True for the value the launcher puts into that variable by itself. */
function isInjected(key: string, value: string, owner: string): boolean {
  const member = key.endsWith('PORT') ? 'port' : key.endsWith('HOST') ? 'host' : 'url';
  return value === referenceTo(owner, member);
}

/** What a value without a reference said is lost. */
function injectedNotes(key: string, value: string, owner: string, self: string): string[] {
  if (isInjected(key, value, owner) || owner === self) return [];
  return [`${key} was ${JSON.stringify(value)}, but uber sets it to the address of "${owner}"`];
}
