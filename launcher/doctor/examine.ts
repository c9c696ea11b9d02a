// All checks, over all services of a selection.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { portArguments } from '../addresses.ts';
import { isInstalled } from '../build/module-graph.ts';
import { resolveEnv } from '../config/env-layers.ts';
import type { UberConfig } from '../options.ts';
import { nearestPackageFile, nearestPackageProblem, type PackageFile } from '../package-file.ts';
import type { EnvValue, ServiceSpec } from '../types.ts';
import { type DeclaredPort, readDeclaredPorts } from './declared-ports.ts';
import { examineRuns } from './examine-runs.ts';
import { APART_HINT, type Finding, type Place, type Severity } from './finding.ts';
import { type Callee, type Caller, judgeAddress, judgeValue } from './hard-coded-urls.ts';
import { findUnfitAddons } from './native-addons.ts';
import { type ServiceSources, SourceReader } from './service-sources.ts';
import { findSplitDependencies, isNodeTooOld } from './versions.ts';

/** What is examined. */
export interface Examination {
  readonly config: UberConfig;
  /** The services to report on. */
  readonly selected: readonly ServiceSpec[];
  /** All services of the project: any of them may be called. */
  readonly known: readonly ServiceSpec[];
}

/** One service with all that was read of it. */
interface Patient {
  readonly spec: ServiceSpec;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly sources: ServiceSources;
  readonly owner: PackageFile | null;
}

/** Examines services. Nothing of them is run. Findings come in the order of the services, the worst first. */
export async function examine({ config, selected, known }: Examination): Promise<Finding[]> {
  const reader = new SourceReader();
  const patients: Patient[] = [];
  for (const spec of known) {
    patients.push({
      spec,
      // The shell of today is not the shell of tomorrow.
      env: resolveEnv(spec, config, null, {}),
      sources: await reader.read(spec.entry),
      owner: nearestPackageFile(dirname(spec.entry)),
    });
  }
  const declared = readDeclaredPorts(config.root);
  const callees = patients.map((patient) => calleeOf(patient, patients, declared));
  const short = (path: string): string => relative(config.root, path).split(sep).join('/') || '.';
  const chosen = patients.filter(({ spec }) => selected.some(({ name }) => name === spec.name));
  const findings = chosen.flatMap((patient) => [
    ...inSources(patient, callees, short),
    ...inValues(patient, callees, config, short),
    ...inPackageFile(patient, short),
    ...inPackages(patient, short),
  ]);
  return [...findings.sort(byService), ...inDependencies(chosen), ...(await examineRuns(config.root, short))];
}

type Shorten = (path: string) => string;

/**
 * Ports of the environment, the arguments and the scripts; only without any of these those of the sources. What compose
 * publishes counts always.
 */
function calleeOf(
  { spec, env, sources, owner }: Patient,
  all: readonly Patient[],
  declared: readonly DeclaredPort[],
): Callee {
  const isShared = all.some((other) => other.spec !== spec && other.owner?.dir === owner?.dir);
  const scripts = owner === null || isShared ? [] : Object.values(owner.scripts);
  const isOwnFolder = (path: string): boolean => !isShared && (path === spec.dir || path === owner?.dir);
  const ofRoot = declared.filter(({ path }) => path === spec.entry || isOwnFolder(path));
  const given = [
    ...ofRoot.filter(({ isPublished }) => !isPublished).map(({ port }) => port),
    ...(env.PORT === undefined ? [] : [Number(env.PORT.value)]),
    ...portArguments(spec.args),
    ...scripts.flatMap((line) => [...line.matchAll(/\bPORT=(\d+)/g)].map(([, port]) => Number(port))),
  ];
  const fallbacks = isInstalled(spec.entry) ? [] : sources.files.flatMap(({ facts }) => facts.ports);
  const published = ofRoot.filter(({ isPublished }) => isPublished).map(({ port }) => port);
  const ports = [...(given.length > 0 ? given : fallbacks), ...published];
  const { name, port, dependsOn } = spec;
  return { name, ports: port === null ? ports : [port], isPinned: port !== null, dependsOn };
}

function inSources({ spec, env, sources }: Patient, callees: readonly Callee[], short: Shorten): Finding[] {
  const caller: Caller = { name: spec.name, env };
  const isOthers = isInstalled(spec.entry);
  const findings = sources.files.flatMap(({ path, places, facts }) => {
    const addresses = isOthers ? [] : facts.addresses.map((fact) => judgeAddress(fact, caller, callees));
    const all = [...places, ...addresses.filter((place) => place !== null)];
    return all.map((place) => toFinding(place, spec, short(path), isOthers));
  });
  return sources.problem === null ? findings : [buildFinding(spec, sources.problem, short), ...findings];
}

/** In a process of its own all that a thread cannot do works; in a published program not every file is reached. */
function toFinding(place: Place, spec: ServiceSpec, file: string, isOthers: boolean): Finding {
  const isThreadLimit = place.hint.includes(APART_HINT);
  const isApart = spec.placement === 'process';
  const severity: Severity =
    isThreadLimit && isApart ? 'info' : isOthers && place.severity === 'error' ? 'warning' : place.severity;
  const hint = isThreadLimit && isApart ? 'Nothing to do: it has a process of its own.' : place.hint;
  return { ...place, severity, hint, service: spec.name, file };
}

function buildFinding(spec: ServiceSpec, { message }: { message: string }, short: Shorten): Finding {
  const match = /^(.*?):(\d+):\d+: (.*)$/s.exec(message);
  return {
    id: 'build',
    severity: 'error',
    service: spec.name,
    file: match?.[1] === undefined ? short(spec.entry) : short(match[1]),
    line: match?.[2] === undefined ? null : Number(match[2]),
    message: `It does not compile: ${match?.[3] ?? message}`,
    hint: 'Mend the source: the service cannot start.',
  };
}

/** Values of `.env` files and of the configuration. */
function inValues(
  { spec, env, sources }: Patient,
  callees: readonly Callee[],
  config: UberConfig,
  short: Shorten,
): Finding[] {
  const caller: Caller = { name: spec.name, env };
  return Object.entries(env).flatMap(([key, { value, origin }]) => {
    // The root's .env is for all services: only those that read a variable are concerned.
    const isShared = origin === '.env' && spec.dir !== config.root;
    if (isShared && !sources.files.some(({ facts }) => facts.envReads.includes(key))) return [];
    const judged = judgeValue(key, value, caller, callees);
    if (judged === null) return [];
    const path = origin === 'configuration' ? config.configPath : resolve(config.root, origin);
    const line = path === null ? null : lineOf(path, key);
    return [{ ...judged, service: spec.name, file: path === null ? null : short(path), line }];
  });
}

/** Where a key stands in a file. */
function lineOf(path: string, key: string): number | null {
  const lines = readFileSync(path, 'utf8').split('\n');
  const index = lines.findIndex((text) => new RegExp(`(?:^|[\\s'",{])${key}['"]?\\s*[=:]`).test(text));
  return index === -1 ? null : index + 1;
}

/** Node refuses to load anything below a package.json it cannot read. */
function inPackageFile({ spec }: Patient, short: Shorten): Finding[] {
  const problem = nearestPackageProblem(dirname(spec.entry));
  if (problem === null) return [];
  const match = /^(.*?package\.json):(\d+):(\d+): (.*)$/s.exec(problem.message);
  return [
    {
      id: 'package-file',
      severity: 'error',
      service: spec.name,
      file: match?.[1] === undefined ? null : short(match[1]),
      line: match?.[2] === undefined ? null : Number(match[2]),
      message: match === null ? problem.message : `It is no valid JSON, at column ${match[3]}: ${match[4]}`,
      hint: 'Mend this package.json: Node loads no file of the service as long as it is broken.',
    },
  ];
}

function inPackages({ spec, owner }: Patient, short: Shorten): Finding[] {
  if (owner === null) return [];
  const addons = findUnfitAddons(owner).map(({ package: { name, version }, path }): Finding => {
    const place: Place = {
      id: 'native-addon',
      severity: 'error',
      line: null,
      message:
        `The addon of ${name ?? 'its package'} ${version ?? ''}`.trim() +
        ' cannot be loaded in a thread: it is not context-aware.',
      hint: `Take a version that uses Node-API, or ${APART_HINT}.`,
    };
    return toFinding(place, spec, short(path), false);
  });
  const { nodeRange } = owner;
  if (nodeRange === null || !isNodeTooOld(nodeRange, process.version)) return addons;
  const path = resolve(owner.dir, 'package.json');
  return [
    ...addons,
    {
      id: 'node-version',
      severity: 'error',
      service: spec.name,
      file: short(path),
      line: lineOf(path, 'node'),
      message: `It asks for Node ${nodeRange}, and this is ${process.version}.`,
      hint: 'All services run in the Node that uber runs in: start uber with a newer one.',
    },
  ];
}

function inDependencies(patients: readonly Patient[]): Finding[] {
  const owners = new Map(
    // What a published program needs is its own affair.
    patients.flatMap(({ spec, owner }) =>
      owner === null || isInstalled(spec.entry) ? [] : [[spec.name, owner] as const],
    ),
  );
  return findSplitDependencies(owners).map(({ name, versions }): Finding => {
    const list = [...versions].map(([version, services]) => `${version} (${services.join(', ')})`);
    return {
      id: 'dependency-versions',
      severity: 'info',
      service: null,
      file: null,
      line: null,
      message: `${name} is installed in ${versions.size} versions: ${list.join(', ')}.`,
      hint: 'Each version is loaded by itself. Nothing to do, unless objects of it are handed from service to service.',
    };
  });
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

function byService(a: Finding, b: Finding): number {
  if (a.service !== b.service) return (a.service ?? '') < (b.service ?? '') ? -1 : 1;
  const bySeverity = ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity);
  if (bySeverity !== 0) return bySeverity;
  if (a.file !== b.file) return (a.file ?? '') < (b.file ?? '') ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
