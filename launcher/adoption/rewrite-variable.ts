// One variable that may lead to a neighbour: by an address in its value, or by a host and a port that stand apart.
import { referenceTo } from '../references.ts';
import type { Container } from './candidate.ts';
import { type Neighbours, rewriteAddresses, serviceAt } from './rewrite-addresses.ts';

/** A variable whose value leads where it should. */
export interface RewrittenVariable {
  readonly value: string;
  /** The services it refers to. */
  readonly services: readonly string[];
  /** What was assumed. */
  readonly notes: readonly string[];
}

type Values = Readonly<Record<string, string>>;

/**
 * Rewrites one variable of `self`.
 * @param values all variables of the same source: `ORDERS_HOST` and `ORDERS_PORT` belong together
 */
export function rewriteVariable(
  key: string,
  values: Values,
  self: string,
  neighbours: Neighbours,
): RewrittenVariable {
  const value = values[key] ?? '';
  const [, stem = '', part = ''] = /^(.*?)(_?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|PORT))$/.exec(key) ?? [];
  const isPort = part.endsWith('PORT');
  if (part !== '') {
    const host = isPort ? hostOf(stem, values) : value;
    const port = Number(values[`${stem}_PORT`] ?? values[`${stem}PORT`] ?? Number.NaN);
    const place = { host: host.toLowerCase(), port: Number.isNaN(port) ? null : port };
    // `APP_SERVER=web` alone may be anything; with a port beside it is a host.
    const isHost = host !== '' && (/HOST|PORT/.test(part) || place.port !== null);
    const service = isHost ? serviceAt(place, self, neighbours.drafts) : null;
    if (service !== null)
      return { value: referenceTo(service, isPort ? 'port' : 'host'), services: [service], notes: [] };
    const container = neighbours.containers.find(({ name }) => name.toLowerCase() === place.host);
    if (container !== undefined) return toContainer(key, value, isPort, place.port, container);
  }
  const rewritten = rewriteAddresses(value, self, neighbours);
  const notes = rewritten.containers.map((name) => addressNote(key, name, rewritten.value !== value));
  return { value: rewritten.value, services: rewritten.services, notes };
}

function hostOf(stem: string, values: Values): string {
  const names = ['_HOST', '_HOSTNAME', 'HOST', '_SERVER', '_ADDR', '_ADDRESS'];
  return names.map((name) => values[stem + name]).find((it) => it !== undefined) ?? '';
}

/** The name of a container means nothing outside of compose's network: there it is at localhost. */
function toContainer(
  key: string,
  value: string,
  isPort: boolean,
  port: number | null,
  { name, published }: Container,
): RewrittenVariable {
  const outside = port === null ? undefined : published.get(port);
  if (outside !== undefined)
    return {
      value: isPort ? String(outside) : 'localhost',
      services: [],
      notes: [addressNote(key, name, true)],
    };
  if (isPort) return { value, services: [], notes: [] }; // The host beside it says why.
  if (port !== null || published.size === 0)
    return { value, services: [], notes: [addressNote(key, name, false)] };
  const list = [...published].map(([inside, there]) =>
    inside === there ? String(there) : `${there} for its ${inside}`,
  );
  const note = `${key} leads to this machine, where the container "${name}" publishes port ${list.join(', ')}`;
  return { value: 'localhost', services: [], notes: [note] };
}

function addressNote(key: string, container: string, isRewritten: boolean): string {
  return isRewritten
    ? `${key} leads to the port that the container "${container}" publishes on this machine`
    : `${key} names the container "${container}", which publishes no such port: the value is as it was`;
}
