// Which services a run has, and in which order they may start. Pure.

import picomatch from 'picomatch';
import { UberError } from '../errors.ts';
import { VERBS } from '../names.ts';
import { didYouMean } from '../nearest.ts';
import type { ServiceSpec } from '../types.ts';
import { type Catalog, entryNotFound } from './catalog.ts';

/**
 * The selected services in start order: each after what it depends on.
 * @param patterns names, globs, `@group`, `!pattern`; none means all
 * @throws UberError for an unknown name or group, a missing dependency, a cycle, a port pinned twice
 */
export function selectServices(
  catalog: Catalog,
  patterns: readonly string[],
  withDependencies = true,
): ServiceSpec[] {
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const excluded = new Set(
    patterns.filter((p) => p.startsWith('!')).flatMap((p) => expand(catalog, p.slice(1))),
  );
  const named =
    wanted.length === 0 ? [...catalog.specs.keys()] : wanted.flatMap((pattern) => expand(catalog, pattern));
  const chosen = new Set(named.filter((name) => !excluded.has(name)));
  const order = sortByDependencies(catalog, chosen, (name) => withDependencies && !excluded.has(name));
  if (order.length === 0)
    throw new UberError('USAGE', `Nothing to start: ${patterns.join(' ')} leaves no service.`);
  assertPinnedOnce(order);
  return order;
}

function expand(catalog: Catalog, pattern: string, seen: Set<string> = new Set()): string[] {
  if (pattern.startsWith('@')) return expandGroup(catalog, pattern.slice(1), seen);
  const names = [...catalog.specs.keys()];
  if (/[*?[{]/.test(pattern)) {
    const isMatch = picomatch(pattern);
    const matches = names.filter((name) => isMatch(name));
    if (matches.length > 0) return matches;
    throw new UberError('UNKNOWN_SERVICE', `No service matches "${pattern}". Known: ${names.join(', ')}.`);
  }
  if (catalog.specs.has(pattern)) return [pattern];
  const emptyFolder = catalog.withoutEntry.get(pattern);
  if (emptyFolder !== undefined) throw entryNotFound(pattern, emptyFolder);
  const suggestion = VERBS.includes(pattern)
    ? `"${pattern}" is a word for a command, which comes before all options and names: see uber --help.`
    : didYouMean(pattern, names);
  throw new UberError('UNKNOWN_SERVICE', `No service "${pattern}". Known: ${names.join(', ')}.`, {
    ...(suggestion === null ? {} : { hint: suggestion }),
  });
}

function expandGroup(catalog: Catalog, group: string, seen: Set<string>): string[] {
  const members = Object.hasOwn(catalog.groups, group) ? catalog.groups[group] : undefined;
  if (members === undefined) {
    const known = Object.keys(catalog.groups);
    const list =
      known.length === 0
        ? 'The configuration has no groups.'
        : `Known: ${known.map((name) => `@${name}`).join(', ')}.`;
    const suggestion = didYouMean(group, known)?.replace('"', '"@') ?? null;
    throw new UberError(
      'UNKNOWN_GROUP',
      `No group "@${group}". ${list}`,
      suggestion === null ? {} : { hint: suggestion },
    );
  }
  // Each group once: those that name each other many times would grow with every level.
  if (seen.has(group)) return [];
  seen.add(group);
  return members.flatMap((member) => expand(catalog, member, seen));
}

/** Depth first, so that every service comes after what it depends on; the path on the way names a cycle. */
function sortByDependencies(
  catalog: Catalog,
  chosen: ReadonlySet<string>,
  pullsIn: (name: string) => boolean,
): ServiceSpec[] {
  const done = new Map<string, ServiceSpec>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name].join(' -> ');
      throw new UberError('DEPENDENCY_CYCLE', `The services depend on each other in a circle: ${cycle}.`, {
        hint: 'Remove one "dependsOn": a service can call another without waiting for it.',
      });
    }
    const spec = catalog.specs.get(name);
    if (spec === undefined) throw missingDependency(catalog, path.at(-1) ?? '', name);
    for (const dependency of spec.dependsOn) {
      if (!catalog.specs.has(dependency)) throw missingDependency(catalog, name, dependency);
      if (chosen.has(dependency) || pullsIn(dependency)) visit(dependency, [...path, name]);
    }
    done.set(name, spec);
  };
  for (const name of chosen) visit(name, []);
  return [...done.values()];
}

function missingDependency(catalog: Catalog, service: string, dependency: string): UberError {
  const hint = didYouMean(dependency, [...catalog.specs.keys()]);
  return new UberError(
    'DEPENDENCY_MISSING',
    `"${service}" depends on "${dependency}", which is not a service here.`,
    {
      service,
      hint: hint ?? `Known: ${[...catalog.specs.keys()].join(', ')}.`,
    },
  );
}

function assertPinnedOnce(specs: readonly ServiceSpec[]): void {
  const byPort = new Map<number, string>();
  for (const { name, port } of specs) {
    if (port === null) continue;
    const other = byPort.get(port);
    if (other !== undefined) {
      throw new UberError('PORT_PINNED_TWICE', `Services "${other}" and "${name}" both pin port ${port}.`, {
        hint: 'Change one, or remove "port" from both to get free ones.',
      });
    }
    byPort.set(port, name);
  }
}
