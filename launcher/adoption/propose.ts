// A repository -> the configuration that runs it, with everything that was assumed on the way.
import { readNetworkFacts } from '../build/network-facts.ts';
import type { ServiceOptions } from '../options.ts';
import type { LeftOut } from './candidate.ts';
import { chooseNames } from './choose-names.ts';
import { withoutCircles } from './circles.ts';
import { discover } from './discover.ts';
import type { Draft } from './draft.ts';
import { surroundingsOf } from './environment.ts';
import { knownPorts } from './known-ports.ts';
import { type Repository, readRepository } from './repository.ts';
import { toOptions } from './service-options.ts';

/** One service of a proposal. */
interface ProposedService {
  readonly name: string;
  /** The file that runs, relative to the root. */
  readonly entry: string;
  /** Where it was found. */
  readonly from: readonly string[];
  /** What goes to the configuration; null when the launcher finds it by itself. */
  readonly options: string | ServiceOptions | null;
  /** What was assumed. */
  readonly notes: readonly string[];
}

/** What `uber init` would write, and why. */
export interface Proposal {
  readonly repository: Repository;
  readonly services: readonly ProposedService[];
  readonly leftOut: readonly LeftOut[];
}

/** Looks at a repository. Nothing is written. */
export async function propose(root: string): Promise<Proposal> {
  const repository = readRepository(root);
  const { candidates, leftOut, containers } = await discover(repository);
  const named = chooseNames(candidates);
  const drafts: Draft[] = [];
  for (const { name, candidate } of named) {
    const facts = await readNetworkFacts(candidate.program.entry);
    drafts.push({ name, candidate, facts, ports: knownPorts(candidate, facts) });
  }
  const neighbours = { drafts, containers };
  const surroundings = new Map(
    drafts.map((draft) => [draft.name, surroundingsOf(draft, neighbours, repository)] as const),
  );
  const wanted = new Map([...surroundings].map(([name, { dependsOn }]) => [name, dependsOn] as const));
  const { dependsOn, dropped } = withoutCircles(wanted);
  const services = drafts.map((draft, index): ProposedService => {
    const { env = {}, notes = [] } = surroundings.get(draft.name) ?? {};
    const written = toOptions(draft, { env, dependsOn: dependsOn.get(draft.name) ?? [] }, repository);
    const circles = dropped
      .filter(({ service }) => service === draft.name)
      .map(({ dependency }) => `does not wait for "${dependency}", which waits for it`);
    const renamed = named[index]?.note ?? null;
    return {
      name: draft.name,
      entry: repository.short(draft.candidate.program.entry),
      from: draft.candidate.from,
      options: written.options,
      notes: [
        ...(renamed === null ? [] : [renamed]),
        ...new Set([...draft.candidate.notes, ...written.notes, ...notes, ...circles]),
      ],
    };
  });
  services.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { repository, services, leftOut };
}
