// All services of a project: those in `services/*` and those the configuration names.
import { readdirSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { UberError } from '../errors.ts';
import { envName, isDeviceName, isValidName, VERBS } from '../names.ts';
import { didYouMean } from '../nearest.ts';
import type { ServiceOptions, UberConfig } from '../options.ts';
import { isReferenceMember, REFERENCE_MEMBERS, referencesIn } from '../references.ts';
import type { PlacementName, ReadyConfig, RestartConfig, ServiceSpec } from '../types.ts';
import { ENTRY_HINT, findEntry, isFolder, isServiceFile } from './entry-file.ts';
import { readPermissions } from './permissions.ts';

/** The specs of a project. */
export interface Catalog {
  /** Name -> spec, in alphabetical order. */
  readonly specs: ReadonlyMap<string, ServiceSpec>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Folders of `services/` that hold no entry file: known to be no service, worth a better message. */
  readonly withoutEntry: ReadonlyMap<string, string>;
}

/**
 * Reads the catalog of a project.
 * @throws UberError for a name that cannot be used, two services that claim the same one, a missing entry
 */
export function readCatalog(config: UberConfig): Catalog {
  const configured = Object.entries(config.file.services ?? {}).map(([name, value]) => {
    const options: ServiceOptions = typeof value === 'string' ? { entry: value } : value;
    return { name, path: configuredPath(name, options, config), options };
  });
  const claimed = new Set(
    configured.flatMap(({ name, path }) => [path, join(config.root, 'services', name)]),
  );
  const found = findServices(config.root).filter(({ path }) => !claimed.has(path));
  const drafts = [...configured, ...found.map((place) => ({ ...place, options: {} }))];
  drafts.sort((a, b) => (a.name < b.name ? -1 : 1));

  const specs = new Map<string, ServiceSpec>();
  const withoutEntry = new Map<string, string>();
  for (const { name, path, options } of drafts) {
    const place = findEntry(path);
    if (place !== null) {
      // Only what can be run has a name to be checked: other folders may be called as they like.
      assertName(name, [...specs.keys()]);
      specs.set(name, makeSpec({ name, ...place, options, config }));
    } else if (found.some((other) => other.path === path)) withoutEntry.set(name, path);
    else throw entryNotFound(name, path);
  }
  assertReferences(specs);
  assertOverrides(config, [...specs.keys()]);
  if (specs.size === 0) {
    throw new UberError('NO_SERVICES', `No services in ${config.root}: its "services" folder holds none.`, {
      hint: `A service is a folder with an entry file: ${ENTRY_HINT}.`,
    });
  }
  return { specs, groups: config.file.groups ?? {}, withoutEntry };
}

/** The error for a service whose file or folder holds nothing to run. */
export function entryNotFound(name: string, path: string): UberError {
  return new UberError('ENTRY_NOT_FOUND', `"${name}" has no entry file: ${path}`, {
    service: name,
    hint: `Looked for ${ENTRY_HINT}.`,
  });
}

function configuredPath(name: string, options: ServiceOptions, config: UberConfig): string {
  if (options.entry !== undefined) return resolve(config.root, options.entry);
  const found = findServices(config.root).find((place) => place.name === name);
  return found?.path ?? join(config.root, 'services', name);
}

function findServices(root: string): { name: string; path: string }[] {
  const folder = join(root, 'services');
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch {
    return []; // No such folder: the configuration names every service.
  }
  return entries
    .filter((entry) => !/^[._]/.test(entry.name) && entry.name !== 'node_modules')
    .filter((entry) => !entry.isFile() || isServiceFile(entry.name))
    .map((entry) => ({
      name: entry.isFile() ? basename(entry.name, extname(entry.name)) : entry.name,
      path: join(folder, entry.name),
    }));
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}

function assertName(name: string, others: readonly string[]): void {
  if (VERBS.includes(name)) {
    throw new UberError(
      'RESERVED_NAME',
      `A service may not be called "${name}": that is a command of uber.`,
      {
        hint: `Give it another name in uber.config.ts: services: { 'my-${name}': './services/${name}' }`,
      },
    );
  }
  if (!isValidName(name)) {
    throw new UberError('INVALID_NAME', `"${name}" is not a name for a service.`, {
      hint: isDeviceName(name)
        ? 'Windows takes it for a device: no folder can have this name there.'
        : 'Use at most 64 letters, digits, "-", "_" and ".", and begin with a letter or digit.',
    });
  }
  const other = others.find((candidate) => envName(candidate) === envName(name));
  if (other === undefined) return;
  const message =
    other === name
      ? `Two services are called "${name}".`
      : `Services "${other}" and "${name}" would share the variable ${envName(name)}_URL.`;
  throw new UberError('NAME_CLASH', message, { hint: 'Rename one of them.' });
}

/** A `${name.url}` that leads nowhere would reach the program as it stands. */
function assertReferences(specs: ReadonlyMap<string, ServiceSpec>): void {
  const known = [...specs.keys()];
  for (const { name, env } of specs.values()) {
    for (const [key, value] of Object.entries(env)) {
      for (const { service, member } of referencesIn(value)) {
        const where = `services.${name}.env.${key} refers to \${${service}.${member}}`;
        if (specs.has(service) && !isReferenceMember(member)) {
          throw new UberError('CONFIG_INVALID', `${where}, but a service has no "${member}".`, {
            hint: `Known: ${REFERENCE_MEMBERS.join(', ')}. For the text itself write $\${...}.`,
          });
        }
        if (specs.has(service) || !isReferenceMember(member)) continue;
        throw new UberError('CONFIG_INVALID', `${where}, and there is no service "${service}".`, {
          hint:
            didYouMean(service, known) ?? `Known: ${known.join(', ')}. For the text itself write $\${...}.`,
        });
      }
    }
  }
}

/** `--env name.KEY=value` for a service that is not there would be lost without a word. */
function assertOverrides(config: UberConfig, known: readonly string[]): void {
  for (const { service, key } of config.envOverrides) {
    if (service === null || known.includes(service)) continue;
    throw new UberError(
      'UNKNOWN_SERVICE',
      `--env ${service}.${key} names no service. Known: ${known.join(', ')}.`,
      {
        hint: didYouMean(service, known) ?? 'Leave the name out to set it for all services.',
      },
    );
  }
}

interface SpecParts {
  name: string;
  entry: string;
  dir: string;
  options: ServiceOptions;
  config: UberConfig;
}

function makeSpec({ name, entry, dir, options, config }: SpecParts): ServiceSpec {
  const cwd = options.cwd === undefined ? dir : resolve(config.root, options.cwd);
  if (options.cwd !== undefined && !isFolder(cwd)) {
    throw new UberError('CONFIG_INVALID', `services.${name}.cwd is no folder: ${cwd}`, {
      hint: 'It is meant from the folder of the configuration.',
    });
  }
  assertPorts(name, options);
  const env = Object.entries(options.env ?? {}).map(([key, value]) => [key, String(value)] as const);
  return Object.freeze({
    name,
    entry,
    dir,
    cwd,
    args: Object.freeze([...(options.args ?? [])]),
    env: Object.freeze(Object.fromEntries(env)),
    dependsOn: Object.freeze([...new Set(options.dependsOn ?? [])]),
    ready: readyConfig(options.ready),
    port: options.port ?? null,
    ports: Object.freeze({ ...options.ports }),
    placement: placementOf(name, options, config),
    sharedThread: options.sharedThread ?? 'shared',
    stopGraceMs: options.stopGraceMs ?? 5000,
    restart: restartConfig(options.restart, config),
    isCritical: options.critical ?? false,
    restartsDependents: options.restartDependents ?? false,
    heapMb: options.heapMb ?? 1024,
    blockedMs: options.blockedMs === false ? null : (options.blockedMs ?? 30_000),
    permissions: readPermissions(options.permissions, config.root),
    resourceDir: join(config.root, 'resources', name),
  });
}

/** Where a service lives, when all is said that may be said of it. */
function placementOf(name: string, options: ServiceOptions, { isolation }: UberConfig): PlacementName {
  const choice = isolation ?? options.placement ?? 'thread';
  const hasLimits = options.permissions !== undefined;
  if (choice === 'auto') return options.shareable === true && !hasLimits ? 'shared' : 'thread';
  if (choice !== 'shared' || !hasLimits) return choice;
  throw new UberError(
    'CONFIG_INVALID',
    `services.${name} has permissions, which cannot hold in a thread that it shares: placement "shared".`,
    { hint: "Give it a thread of its own with placement: 'thread', or choose 'auto'." },
  );
}

/** Names in the variables that every service has for its main address. */
const TAKEN_PORT_NAMES: ReadonlySet<string> = new Set(['service', 'http']);

/** A port with two names would be injected under either: which one, nobody could say. */
function assertPorts(service: string, { ports = {} }: ServiceOptions): void {
  for (const [index, [name, port]] of Object.entries(ports).entries()) {
    if (TAKEN_PORT_NAMES.has(name.toLowerCase())) {
      throw new UberError(
        'CONFIG_INVALID',
        `services.${service}.ports: "${name}" cannot be the name of a port.`,
        {
          hint: `Its variables would be those of the service itself: ${envName(service)}_${envName(name)}_PORT and others.`,
        },
      );
    }
    const earlier = Object.entries(ports).slice(0, index);
    const [other] = earlier.find((entry) => entry[1] === port || envName(entry[0]) === envName(name)) ?? [];
    if (other === undefined) continue;
    throw new UberError(
      'CONFIG_INVALID',
      `services.${service}.ports: "${other}" and "${name}" are the same.`,
      {
        hint: 'Each name stands for a port of its own, and becomes a variable of its own.',
      },
    );
  }
}

function restartConfig(restart: ServiceOptions['restart'], config: UberConfig): RestartConfig {
  const options = typeof restart === 'object' ? restart : {};
  const policy = typeof restart === 'object' ? (options.policy ?? 'on-failure') : restart;
  const minDelayMs = options.minDelayMs ?? 100;
  return Object.freeze({
    policy: policy ?? config.restart,
    minDelayMs,
    maxDelayMs: Math.max(minDelayMs, options.maxDelayMs ?? 10_000),
    attempts: options.attempts ?? 5,
    windowMs: options.windowMs ?? 60_000,
  });
}

function readyConfig(ready: ServiceOptions['ready']): ReadyConfig {
  const options = typeof ready === 'object' ? ready : {};
  const status = options.status ?? [200, 399];
  return Object.freeze({
    until: ready === 'started' ? ('started' as const) : ('listening' as const),
    http: options.http ?? null,
    status: typeof status === 'number' ? ([status, status] as const) : status,
    intervalMs: options.intervalMs ?? 100,
    timeoutMs: options.timeoutMs ?? 30_000,
  });
}
