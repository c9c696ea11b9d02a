// A draft -> its entry in the configuration, as short as it can be.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { findEntry } from '../catalog/entry-file.ts';
import type { ServiceOptions } from '../options.ts';
import type { Draft } from './draft.ts';
import type { Surroundings } from './environment.ts';
import type { Repository } from './repository.ts';

/** One service as it will be written. */
export interface WrittenService {
  /** Null: the launcher finds it by itself and it needs no option. */
  readonly options: string | ServiceOptions | null;
  readonly notes: readonly string[];
}

/** The entry of a service in the configuration. */
export function toOptions(
  draft: Draft,
  { env, dependsOn }: Pick<Surroundings, 'env' | 'dependsOn'>,
  repository: Repository,
): WrittenService {
  const place = placeOf(draft, repository);
  const isWorker = neverListens(draft);
  const options: ServiceOptions = {
    ...place.options,
    ...(Object.keys(env).length > 0 ? { env: { ...env } } : {}),
    ...(dependsOn.length > 0 ? { dependsOn: [...dependsOn] } : {}),
    ...(isWorker ? { ready: 'started' as const } : {}),
  };
  const notes = [
    ...place.notes,
    ...(isWorker ? ['counts as ready when it is loaded: its code never calls listen()'] : []),
  ];
  const keys = Object.keys(options);
  if (keys.length === 0) return { options: null, notes };
  return { options: keys.join() === 'entry' ? (options.entry ?? options) : options, notes };
}

interface Place {
  readonly options: Pick<ServiceOptions, 'entry' | 'args' | 'cwd'>;
  readonly notes: readonly string[];
}

function placeOf({ name, candidate }: Draft, repository: Repository): Place {
  const { program, folder } = candidate;
  if (program.isInstalled) return installedPlace(candidate.program, repository);
  const { root, short } = repository;
  const args = program.args.length > 0 ? { args: [...program.args] } : {};
  const isAuto = findEntry(folder)?.entry === realpathSync(program.entry);
  const isFound = (path: string): boolean => path === join(root, 'services', name);
  if (isAuto && program.cwd === folder && folder !== root && folder !== join(root, 'services'))
    return { options: isFound(folder) ? args : { entry: short(folder), ...args }, notes: [] };
  const isFile = dirname(program.entry) === join(root, 'services') && program.cwd === dirname(program.entry);
  if (isFile && isFound(program.entry.replace(/\.[cm]?[jt]s$/, ''))) return { options: args, notes: [] };
  const cwd = program.cwd === dirname(program.entry) ? {} : { cwd: short(program.cwd) };
  return { options: { entry: short(program.entry), ...args, ...cwd }, notes: [] };
}

/**
 * Installed programs read files by the real working directory, which is that of uber, and resolve others by
 * `process.cwd()`: paths from the root are right for both.
 */
function installedPlace(
  { entry, args, cwd }: Draft['candidate']['program'],
  { root, short }: Repository,
): Place {
  const isPath = (word: string): boolean =>
    !word.startsWith('-') && !isAbsolute(word) && existsSync(resolve(cwd, word));
  const hasPaths = cwd !== root && args.some(isPath);
  const rewritten = hasPaths
    ? args.map((word) => (isPath(word) ? short(resolve(cwd, word)) : word))
    : [...args];
  return {
    options: {
      entry: short(entry),
      ...(rewritten.length > 0 ? { args: rewritten } : {}),
      cwd: hasPaths ? '.' : short(cwd),
    },
    notes: hasPaths ? ['its files are given from the root: start uber there'] : [],
  };
}

/** Packages that open a server in ways the sources do not show. */
const SERVER_PACKAGES =
  /^(?:node:)?(?:https?|http2|net|tls)$|^(?:express|fastify|koa|hono|restify|polka|micro|h3|nitro|elysia|ws|socket\.io|uberservice)$|^@(?:hapi|nestjs|hono|fastify|apollo|grpc|trpc|loopback)\/|^(?:apollo-server|graphql-yoga|moleculer|seneca|sails)/;

/** True only when it is clear: nothing is exported to be served, nothing listens, and nothing could do so unseen. */
function neverListens({ candidate, facts }: Draft): boolean {
  if (facts === null || facts.listens || facts.exportsDefault) return false;
  const isCalledWorker = /worker|release|job|cron|migrat|consumer|scheduler/i.test(candidate.name);
  return isCalledWorker || ![...facts.imports].some((name) => SERVER_PACKAGES.test(name));
}
