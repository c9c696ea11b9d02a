// The candidates so far. What two sources say of the same program becomes one candidate.
import { realpathSync } from 'node:fs';
import type { Candidate } from './candidate.ts';

/** Grows source by source. */
export class CandidateList {
  readonly #candidates: Candidate[] = [];

  /** Adds a candidate, or what it says to the one that runs the same program. */
  add(candidate: Candidate): void {
    const index = this.#candidates.findIndex(
      (other) => keyOf(other) === keyOf(candidate) || isBetterNamed(candidate, other),
    );
    const known = this.#candidates[index];
    if (known === undefined) this.#candidates.push(candidate);
    else this.#candidates[index] = merge(known, candidate);
  }

  all(): readonly Candidate[] {
    return this.#candidates;
  }

  /** The one candidate of a folder; null for none or several. */
  ofFolder(folder: string): Candidate | null {
    const [first, second] = this.#candidates.filter((candidate) => candidate.folder === folder);
    return second === undefined ? (first ?? null) : null;
  }
}

/** Of the same file, programs with the same arguments are the same; an installed one also has its folder. */
function keyOf({ program }: Candidate): string {
  const place = program.isInstalled ? program.cwd : null;
  return JSON.stringify([realpathSync(program.entry), program.args, place]);
}

/** A Procfile says better than a script of the root how the same file is started. */
function isBetterNamed(candidate: Candidate, known: Candidate): boolean {
  const isSameFile = realpathSync(candidate.program.entry) === realpathSync(known.program.entry);
  return known.isNameWeak && !candidate.isNameWeak && isSameFile && !candidate.program.isInstalled;
}

function merge(known: Candidate, more: Candidate): Candidate {
  const takesName = known.isNameWeak && !more.isNameWeak;
  return {
    ...known,
    name: takesName ? more.name : known.name,
    isNameWeak: known.isNameWeak && more.isNameWeak,
    program: {
      ...known.program,
      args: takesName ? more.program.args : known.program.args,
      env: { ...more.program.env, ...known.program.env },
      envFiles: [...new Set([...known.program.envFiles, ...more.program.envFiles])],
    },
    from: [...new Set([...known.from, ...more.from])],
    aliases: [...new Set([...known.aliases, ...more.aliases])],
    ports: [...new Set([...known.ports, ...more.ports])],
    env: { ...known.env, ...more.env },
    envFiles: [...new Set([...known.envFiles, ...more.envFiles])],
    dependsOn: [...new Set([...known.dependsOn, ...more.dependsOn])],
    notes: [...new Set([...known.notes, ...more.notes])],
  };
}
