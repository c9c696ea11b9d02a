// A file of docker compose: which of its services are built here, and which are containers.
import { dirname, join, resolve } from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { parse } from 'yaml';
import { masked } from '../secrets.ts';
import { isFile, isFolder, readIfThere } from './files.ts';

/** One service of a compose file, as plain values. Paths are absolute. */
export interface ComposeService {
  readonly name: string;
  /** False for `web: hello`, which compose refuses. */
  readonly isMap: boolean;
  /** Folder of `build`, or null for one that has only an image. */
  readonly build: string | null;
  /** Its Dockerfile, whether it exists or not. */
  readonly dockerfile: string | null;
  readonly image: string | null;
  /** `command`, as a line for a shell or as words. */
  readonly command: string | readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose values need something that only a shell or `.env` knows. */
  readonly unknownEnv: readonly string[];
  readonly envFiles: readonly string[];
  readonly dependsOn: readonly string[];
  /** Port inside -> port of this machine. */
  readonly ports: ReadonlyMap<number, number>;
}

/** A compose file that has been read. */
export interface ComposeFile {
  readonly path: string;
  readonly services: readonly ComposeService[];
  /** Why it could not be read, or null. */
  readonly problem: string | null;
}

const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** Reads the compose file of a folder; null when there is none. */
export function readCompose(folder: string): ComposeFile | null {
  const path = NAMES.map((name) => join(folder, name)).find(isFile);
  if (path === undefined) return null;
  try {
    const file: unknown = parse(readIfThere(path) ?? '', { merge: true });
    if (file !== null && !isMap(file)) return { path, services: [], problem: 'it is no map' };
    const { services } = toRecord(file);
    if (services != null && !isMap(services)) return { path, services: [], problem: '"services" is no map' };
    const variables = parseEnv(readIfThere(join(folder, '.env')) ?? '');
    return {
      path,
      services: Object.entries(toRecord(services)).map(([name, value]) =>
        toService(name, value, dirname(path), variables),
      ),
      problem: null,
    };
  } catch (error) {
    return { path, services: [], problem: String((error as Error).message).split('\n')[0] ?? '' };
  }
}

type Variables = Readonly<Record<string, string>>;

function toService(name: string, raw: unknown, folder: string, variables: Variables): ComposeService {
  const value = toRecord(raw);
  const build = typeof value.build === 'string' ? { context: value.build } : toRecord(value.build);
  const context = typeof build.context === 'string' ? build.context : value.build === undefined ? null : '.';
  const isLocal = context !== null && !/^(?:https?|git|ssh):|^git@/.test(context);
  const path = isLocal ? resolve(folder, context) : null;
  return {
    name,
    isMap: isMap(raw),
    build: path,
    dockerfile: path === null ? null : resolve(path, toText(build.dockerfile) ?? 'Dockerfile'),
    image: toText(value.image) ?? (isLocal ? null : context),
    command: typeof value.command === 'string' ? value.command : toTexts(value.command),
    ...readEnv(value.environment, variables),
    envFiles: readEnvFiles(value.env_file).map((file) => resolve(folder, file)),
    dependsOn: Array.isArray(value.depends_on)
      ? (toTexts(value.depends_on) ?? [])
      : Object.keys(toRecord(value.depends_on)),
    ports: readPorts(value.ports),
  };
}

/** A list of `KEY=value` or a map. A key without a value, and `KEY: ${KEY}`, are left to the shell and to `.env`. */
function readEnv(value: unknown, variables: Variables): Pick<ComposeService, 'env' | 'unknownEnv'> {
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.filter((item) => typeof item === 'string').map((item) => splitPair(item))
    : Object.entries(toRecord(value));
  const env: Record<string, string> = {};
  const unknownEnv: string[] = [];
  for (const [key, raw] of entries) {
    if (raw === null || raw === undefined || typeof raw === 'object') continue;
    const filled = fill(String(raw), variables);
    // What was put together from .env may be secret as a whole: a URL with a password.
    const isSecret = filled !== null && String(raw).includes('$') && masked(key, filled) !== filled;
    if (filled !== null && !isSecret) env[key] = filled;
    else if (!new RegExp(`^\\$\\{?${key}\\b[^}]*\\}?$`).test(String(raw))) unknownEnv.push(key);
  }
  return { env, unknownEnv };
}

function splitPair(text: string): [string, unknown] {
  const at = text.indexOf('=');
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** Fills `${A:-b}` as compose does; null when a value is not known, or secret and known to `.env` only. */
function fill(raw: string, variables: Variables): string | null {
  let isKnown = true;
  const text = raw.replace(
    /\$(?:(\$)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_all, dollar?: string, braced = '', operator?: string, rest = '', bare = '') => {
      if (dollar !== undefined) return '$';
      const name = braced === '' ? bare : braced;
      const known = Object.hasOwn(variables, name) ? variables[name] : undefined;
      const isPublic = known !== undefined && masked(name, known) === known;
      if (isPublic) return known;
      if (known !== undefined || operator === undefined || !operator.endsWith('-')) isKnown = false;
      return rest;
    },
  );
  return isKnown ? text : null;
}

function readEnvFiles(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.map((item) => toText(item) ?? toText(toRecord(item).path)).filter((item) => item !== null);
}

/** `3001:3000`, `127.0.0.1:3001:3000/tcp`, or `{ target, published }`. A port that is not published has no entry. */
function readPorts(value: unknown): Map<number, number> {
  const ports = new Map<number, number>();
  for (const item of Array.isArray(value) ? value : []) {
    if (typeof item === 'object' && item !== null) {
      const { target, published } = item as Record<string, unknown>;
      if (published !== undefined) ports.set(Number(target), Number(published));
      continue;
    }
    const match = /(?:^|:)(?:\$\{\w+:?-)?(\d+)\}?:(\d+)(?:\/tcp)?$/.exec(String(item));
    if (match !== null) ports.set(Number(match[2]), Number(match[1]));
  }
  return ports;
}

/** The command of a Dockerfile: its last CMD behind its last ENTRYPOINT; null when it has none. */
export function readDockerCommand(dockerfile: string): string | readonly string[] | null {
  const text = readIfThere(dockerfile)?.replace(/\\\r?\n/g, ' ') ?? '';
  const last = (name: string): string | undefined =>
    [...text.matchAll(new RegExp(`^\\s*${name}\\s+(.+)$`, 'gim'))].at(-1)?.[1]?.trim();
  const entrypoint = toCommand(last('ENTRYPOINT'));
  const command = toCommand(last('CMD'));
  if (!Array.isArray(entrypoint) || !Array.isArray(command)) return command ?? entrypoint;
  return [...entrypoint, ...command];
}

function toCommand(text: string | undefined): string | string[] | null {
  if (text === undefined) return null;
  if (!text.startsWith('[')) return text;
  try {
    return toTexts(JSON.parse(text));
  } catch {
    return text; // Docker takes what is no JSON for a line of a shell.
  }
}

/** Where the sources of a built service are: its Dockerfile may lie beside them while it is built from the root. */
export function sourceFolder({ build, dockerfile }: ComposeService, root: string): string | null {
  if (build === null) return null;
  const beside = dockerfile === null ? build : dirname(dockerfile);
  const isBeside = beside !== build && beside.startsWith(root) && isFile(join(beside, 'package.json'));
  if (isBeside) return beside;
  return isFolder(build) ? build : null;
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function toTexts(value: unknown): string[] | null {
  return Array.isArray(value) ? value.map((item) => String(item)) : null;
}
