// Addresses that are fixed in a repository -> references to services, whose ports differ from run to run.
import { type Address, addressesIn, isLocalHost } from '../addresses.ts';
import { referenceTo } from '../references.ts';
import type { Container } from './candidate.ts';
import type { Draft } from './draft.ts';

/** A value whose addresses have been replaced. */
export interface Rewritten {
  readonly value: string;
  /** The services it refers to. */
  readonly services: readonly string[];
  /** Containers it needs, by their names. */
  readonly containers: readonly string[];
}

/** Everything an address may lead to. */
export interface Neighbours {
  readonly drafts: readonly Draft[];
  readonly containers: readonly Container[];
}

/** Replaces the addresses in a value of `self` that lead to other services, or to containers with a published port. */
export function rewriteAddresses(value: string, self: string, neighbours: Neighbours): Rewritten {
  const services = new Set<string>();
  const containers = new Set<string>();
  let text = '';
  let from = 0;
  for (const address of addressesIn(value)) {
    const service = serviceAt(address, self, neighbours.drafts);
    const container = neighbours.containers.find(({ name }) => name === address.host);
    text += value.slice(from, address.index);
    from = address.index + address.text.length;
    if (service !== null) {
      services.add(service);
      text += toReference(address, service);
    } else if (container !== undefined) {
      containers.add(container.name);
      text += toPublished(address, container);
    } else text += address.text;
  }
  return { value: text + value.slice(from), services: [...services], containers: [...containers] };
}

/** The other service an address leads to, by its name or by its port; null when there is none, or more than one. */
export function serviceAt(
  { host, port }: Pick<Address, 'host' | 'port'>,
  self: string,
  drafts: readonly Draft[],
): string | null {
  const others = drafts.filter(({ name }) => name !== self);
  if (!isLocalHost(host)) return serviceCalled(host, others);
  const [first, second] = others.filter(({ ports }) => port !== null && ports.includes(port));
  return second === undefined ? (first?.name ?? null) : null;
}

/** The service of that name, or with that name elsewhere: in compose, as a package, as a folder. */
export function serviceCalled(name: string, drafts: readonly Draft[]): string | null {
  const wanted = name.toLowerCase();
  const byName = drafts.find((draft) => draft.name.toLowerCase() === wanted);
  const byAlias = drafts.filter(({ candidate }) =>
    candidate.aliases.some((alias) => alias.toLowerCase() === wanted),
  );
  return byName?.name ?? (byAlias.length === 1 ? (byAlias[0]?.name ?? null) : null);
}

function toReference({ scheme, credentials }: Address, service: string): string {
  if (/^https?$/.test(scheme ?? '') && credentials === '') return referenceTo(service, 'url');
  const place = `${referenceTo(service, 'host')}:${referenceTo(service, 'port')}`;
  return scheme === null ? place : `${scheme}://${credentials}${place}`;
}

/** Outside of compose's network a container is at localhost, on the port it publishes. */
function toPublished({ text, scheme, credentials, port }: Address, { published }: Container): string {
  const [only] = published.size === 1 ? [...published.values()] : [];
  const outside = port === null ? only : published.get(port);
  if (outside === undefined) return text;
  return `${scheme === null ? '' : `${scheme}://`}${credentials}localhost:${outside}`;
}
