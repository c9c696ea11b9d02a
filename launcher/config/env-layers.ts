// The environment of a service: layers from files, shell and launcher, each value with its origin.
import { readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'dotenv';
import { UberError } from '../errors.ts';
import { envName } from '../names.ts';
import type { UberConfig } from '../options.ts';
import { fillReferences, isReferenceMember, referencesIn } from '../references.ts';
import type { EnvValue, ServiceSpec } from '../types.ts';

/** What only the launcher knows about a service of a run. */
export interface InjectedFacts {
  readonly runId: string;
  readonly namespace: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Every service of the run that has a port, with its address. */
  readonly peers: ReadonlyMap<string, Peer>;
}

/** What one service is told of another, and of itself. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Ports beside the main one, by name. */
  readonly ports: ReadonlyMap<string, { readonly port: number; readonly url: string }>;
}

/** One source of values; later layers do not replace what an earlier one has set. */
interface Layer {
  readonly origin: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The complete environment of a service, a separate copy, keys sorted.
 * @param injected what the launcher adds; null leaves that out
 * @throws UberError `ENV_UNREADABLE`
 */
export function resolveEnv(
  spec: ServiceSpec,
  config: UberConfig,
  injected: InjectedFacts | null,
  shell: NodeJS.ProcessEnv = process.env,
): Record<string, EnvValue> {
  const result = new Map<string, EnvValue>();
  for (const { origin, values } of layersOf(spec, config, injected, shell)) {
    for (const [key, value] of Object.entries(values)) {
      if (!result.has(key)) result.set(key, { value, origin });
    }
  }
  return Object.fromEntries([...result].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NOWHERE = { host: '', port: 0, url: '' };

/** The variables the launcher adds for a service, in a run of the services given; not those the configuration replaces. */
export function injectedKeys(spec: ServiceSpec, specs: readonly ServiceSpec[]): string[] {
  const peers = new Map(
    specs.map((peer) => {
      const named = Object.keys(peer.ports).filter((name) => name !== 'main');
      return [peer.name, { ...NOWHERE, ports: new Map(named.map((name) => [name, NOWHERE])) }];
    }),
  );
  const facts = { runId: '', namespace: '', dataDir: '', host: '', port: 0, peers };
  const ofPeers = Object.keys(peerValues(peers)).filter((key) => !hasReference(spec, key));
  return [...ofPeers, ...Object.keys(ownValues(spec, facts))];
}

/**
 * Only the values, as a process has them; in no order. Each service has the addresses of all others in it, so in a large
 * run this is most of what a start costs main: nothing is made for a variable here but the variable.
 * @throws UberError `ENV_UNREADABLE`
 */
export function plainEnv(
  spec: ServiceSpec,
  config: UberConfig,
  injected: InjectedFacts | null,
  shell: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  // Without a prototype a variable called __proto__ is one like any other.
  const values: Record<string, string> = Object.create(null);
  for (const layer of layersOf(spec, config, injected, shell).reverse()) Object.assign(values, layer.values);
  return values;
}

/** Highest first. */
function layersOf(
  spec: ServiceSpec,
  config: UberConfig,
  injected: InjectedFacts | null,
  shell: NodeJS.ProcessEnv,
): Layer[] {
  const file = (path: string): Layer => ({
    origin: relative(config.root, path) || path,
    values: readEnvFile(path, 'optional'),
  });
  // The last of several wins, as everywhere on a command line.
  const overrides = config.envOverrides
    .filter(({ service }) => service === null || service === spec.name)
    .reverse();
  // An override for one service stands before one for all.
  overrides.sort((a, b) => Number(b.service !== null) - Number(a.service !== null));
  const configured = configuredValues(spec, injected);
  return [
    ...(injected === null ? [] : [{ origin: 'injected', values: ownValues(spec, injected) }]),
    // A reference says what is wanted in place of the address that would be there.
    { origin: 'configuration', values: overPeers(spec, configured, injected) },
    ...(injected === null ? [] : [{ origin: 'injected', values: peerValues(injected.peers) }]),
    ...overrides.map(({ key, value }) => ({ origin: '--env', values: { [key]: value } })),
    ...config.envFiles.toReversed().map((path) => ({
      origin: `--env-file ${relative(config.root, path)}`,
      values: readEnvFile(path, 'required'),
    })),
    { origin: 'shell', values: withoutUndefined(shell) },
    { origin: 'configuration', values: configured },
    file(join(spec.resourceDir, '.env.local')),
    file(join(spec.resourceDir, '.env')),
    // Where the program itself would look for it.
    ...(spec.cwd === spec.dir || spec.cwd === config.root ? [] : [file(join(spec.cwd, '.env'))]),
    file(join(spec.dir, '.env')),
    file(join(config.root, '.env')),
  ];
}

/**
 * `env` of the configuration with the addresses it refers to. A value that refers to a service outside of the run is
 * left to the layers below. Before a start nothing is known yet: the reference itself is shown.
 */
function configuredValues(spec: ServiceSpec, facts: InjectedFacts | null): Record<string, string> {
  const values = Object.entries(spec.env).map(([key, value]) => {
    const filled = fillReferences(value, ({ service, member }) => {
      if (facts === null || !isReferenceMember(member)) return undefined;
      const peer = facts.peers.get(service);
      return peer === undefined ? null : String(peer[member]);
    });
    return [key, filled] as const;
  });
  return Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Of the configured values those that replace the address of a peer: they hold a reference themselves. */
function overPeers(
  spec: ServiceSpec,
  configured: Readonly<Record<string, string>>,
  facts: InjectedFacts | null,
): Record<string, string> {
  const peers = facts === null ? {} : peerValues(facts.peers);
  return Object.fromEntries(
    Object.entries(configured).filter(([key]) => Object.hasOwn(peers, key) && hasReference(spec, key)),
  );
}

function hasReference({ env }: ServiceSpec, key: string): boolean {
  return (
    Object.hasOwn(env, key) && referencesIn(env[key] ?? '').some(({ member }) => isReferenceMember(member))
  );
}

/** What the launcher tells a service of itself. */
function ownValues(spec: ServiceSpec, facts: InjectedFacts): Record<string, string> {
  return {
    PORT: String(facts.port),
    HOST: facts.host,
    UBER_SERVICE: spec.name,
    UBER_RUN_ID: facts.runId,
    UBER_NAMESPACE: facts.namespace,
    UBER_RESOURCE_DIR: spec.resourceDir,
    UBER_DATA_DIR: facts.dataDir,
  };
}

/** The same for all services that are told of the same peers: made once, or the cost grows with their square. */
const knownPeerValues = new WeakMap<InjectedFacts['peers'], Record<string, string>>();

function peerValues(peers: InjectedFacts['peers']): Record<string, string> {
  const known = knownPeerValues.get(peers);
  if (known !== undefined) return known;
  const values: Record<string, string> = {};
  // First, so that the main address of a service wins over a port with such a name.
  for (const [name, { ports }] of peers) {
    for (const [portName, { port, url }] of ports) {
      const key = `${envName(name)}_${envName(portName)}`;
      values[`${key}_PORT`] = String(port);
      values[`${key}_URL`] = url;
      values[`services__${name}__${portName}__0`] = url;
    }
  }
  for (const [name, { host, port, url }] of peers) {
    const key = envName(name);
    values[`${key}_URL`] = url;
    values[`${key}_HOST`] = host;
    values[`${key}_PORT`] = String(port);
    // As Kubernetes injects them ("Discovering services", kubernetes.io).
    values[`${key}_SERVICE_HOST`] = host;
    values[`${key}_SERVICE_PORT`] = String(port);
    // As .NET Aspire injects them (service discovery by configuration).
    values[`services__${name}__http__0`] = url;
  }
  values.UBER_SERVICES = JSON.stringify(Object.fromEntries([...peers].map(([name, { url }]) => [name, url])));
  knownPeerValues.set(peers, values);
  return values;
}

function readEnvFile(path: string, need: 'optional' | 'required'): Record<string, string> {
  try {
    // Most are not there, and an error costs ten times as much as the question.
    if (need === 'optional' && statSync(path, { throwIfNoEntry: false }) === undefined) return {};
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (need === 'optional' && (code === 'ENOENT' || code === 'ENOTDIR')) return {};
    const reason = REASONS[code ?? ''] ?? String((cause as Error).message);
    throw new UberError('ENV_UNREADABLE', `Cannot read ${path}: ${reason}.`, { cause });
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function withoutUndefined(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
