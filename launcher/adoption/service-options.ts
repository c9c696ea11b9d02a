// A draft -> its entry in the configuration, as short as it can be.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findEntry } from '../catalog/entry-file.ts';
import type { ServiceOptions } from '../options.ts';
import type { Program } from './candidate.ts';
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
  const isWorker = neverListens(draft);
  const options: ServiceOptions = {
    ...placeOf(draft, repository),
    ...(Object.keys(env).length > 0 ? { env: { ...env } } : {}),
    ...(dependsOn.length > 0 ? { dependsOn: [...dependsOn] } : {}),
    ...(isWorker ? { ready: 'started' as const } : {}),
  };
  const notes = [...(isWorker ? ['counts as ready when it is loaded: its code never calls listen()'] : [])];
  const keys = Object.keys(options);
  if (keys.length === 0) return { options: null, notes };
  return { options: keys.join() === 'entry' ? (options.entry ?? options) : options, notes };
}

/** Where it is. */
type Place = Pick<ServiceOptions, 'entry' | 'args' | 'cwd'>;

function placeOf({ name, candidate }: Draft, repository: Repository): Place {
  const { program, folder } = candidate;
  if (program.isInstalled) return installedPlace(candidate.program, repository);
  const { root, short } = repository;
  const args = program.args.length > 0 ? { args: [...program.args] } : {};
  const isAuto = findEntry(folder)?.entry === realpathSync(program.entry);
  const isFound = (path: string): boolean => path === join(root, 'services', name);
  if (isAuto && program.cwd === folder && folder !== root && folder !== join(root, 'services'))
    return isFound(folder) ? args : { entry: short(folder), ...args };
  const isFile = dirname(program.entry) === join(root, 'services') && program.cwd === dirname(program.entry);
  if (isFile && isFound(program.entry.replace(/\.[cm]?[jt]s$/, ''))) return args;
  const cwd = program.cwd === dirname(program.entry) ? {} : { cwd: short(program.cwd) };
  return { entry: short(program.entry), ...args, ...cwd };
}

/** A published program: its folder is where its command was run. */
function installedPlace({ entry, args, cwd }: Program, { short }: Repository): Place {
  const given = args.length > 0 ? { args: [...args] } : {};
  return { entry: short(entry), ...given, cwd: short(cwd) };
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
