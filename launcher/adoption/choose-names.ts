// Names that the launcher accepts, as near as can be to those a repository uses.
import { basename, dirname } from 'node:path';
import { envName, isValidName, VERBS } from '../names.ts';
import type { Candidate } from './candidate.ts';

/** A candidate with its name, and why that is not the one it had. */
export interface Named {
  readonly name: string;
  readonly candidate: Candidate;
  readonly note: string | null;
}

/** Gives every candidate a valid name that shares its variables with no other. */
export function chooseNames(candidates: readonly Candidate[]): Named[] {
  const taken = new Set<string>();
  return candidates.map((candidate) => {
    const wish = toValid(candidate.name);
    const parent = toValid(basename(dirname(candidate.folder)));
    const tries = [
      wish,
      `${parent}-${wish}`,
      ...Array.from({ length: 99 }, (_, index) => `${wish}-${index + 2}`),
    ];
    const name = tries.find((text) => isValidName(text) && !taken.has(envName(text))) ?? wish;
    taken.add(envName(name));
    return { name, candidate, note: whyRenamed(candidate.name, name) };
  });
}

function toValid(wish: string): string {
  const text = wish
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 48);
  if (text === '') return 'service';
  return VERBS.includes(text) ? `${text}-service` : text;
}

function whyRenamed(wish: string, name: string): string | null {
  if (wish === name) return null;
  return VERBS.includes(wish)
    ? `"${wish}" is called "${name}": "${wish}" is a command of uber`
    : `"${wish}" is called "${name}", because its name cannot be used or is taken`;
}
