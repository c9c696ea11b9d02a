// Addresses of other services that are fixed in sources and in `.env` files, while their ports change at every start.
import { type Address, addressesIn, isLocalHost } from '../addresses.ts';
import type { AddressFact } from '../build/source-facts.ts';
import { envName } from '../names.ts';
import { referenceTo } from '../references.ts';
import type { EnvValue } from '../types.ts';
import type { Place } from './finding.ts';

/** What is known of a service as others call it. */
export interface Callee {
  readonly name: string;
  /** Ports it is expected on: of its environment and arguments, else those its sources fall back to. */
  readonly ports: readonly number[];
  /** True when the configuration pins its port: then an address of it may be fixed. */
  readonly isPinned: boolean;
  /** Names of the services it waits for. */
  readonly dependsOn: readonly string[];
}

/** The service whose sources or values are looked at. */
export interface Caller {
  readonly name: string;
  /** What it will find in its environment, without what the launcher adds. */
  readonly env: Readonly<Record<string, EnvValue>>;
}

/** What is wrong with an address in a source; null when nothing is. */
export function judgeAddress(fact: AddressFact, caller: Caller, all: readonly Callee[]): Place | null {
  const { address, envKeys, line } = fact;
  // Only the default of a variable that has a value: that value is looked at by itself.
  const injected = injectedKeys(all);
  const misread = envKeys.find(
    (key) => /_HOST$/.test(key) && injected.has(key) && caller.env[key] === undefined,
  );
  if (misread !== undefined && /^(?:https?|wss?)$/.test(address.scheme ?? '')) {
    const found = all.find(({ name }) => new RegExp(`^${envName(name)}_(?:SERVICE_)?HOST$`).test(misread));
    const owner = found?.name ?? '';
    return {
      id: 'env-shape',
      severity: 'warning',
      line,
      message: `${misread} is read as a URL here, but uber puts the bare host name of "${owner}" there.`,
      hint: `Set it ${envHint(misread, referenceTo(owner, 'url'), caller.name, owner, all)}`,
    };
  }
  if (envKeys.some((key) => injected.has(key) || caller.env[key] !== undefined)) return null;
  const callee = calleeOf(address, caller, all);
  const [key] = envKeys;
  if (callee === 'own' || (callee === null && !isWorthSaying(address))) return null;
  if (callee === null) {
    return {
      id: 'hard-coded-url',
      severity: 'info',
      line,
      message: `"${address.text}" is fixed in the source. No service here is known to listen there.`,
      hint: 'Nothing to do when it is a database or something else outside of uber.',
    };
  }
  if (callee.isPinned) return null;
  return {
    id: 'hard-coded-url',
    severity: 'warning',
    line,
    message: `"${address.text}" is fixed in the source: it means "${callee.name}", which gets another port at every start.`,
    hint:
      key === undefined
        ? readHint(caller.name, callee.name, all)
        : `Set ${key} ${envHint(key, referenceTo(callee.name, 'url'), caller.name, callee.name, all)}`,
  };
}

/** A variable or reference is sure to hold only with `dependsOn`; where the other one waits already, that is a circle. */
function needsDependency(caller: string, callee: string, all: readonly Callee[]): boolean {
  return !waitsFor(caller, callee, all) && !waitsFor(callee, caller, all);
}

/** What to write into the configuration. */
function envHint(key: string, value: string, caller: string, callee: string, all: readonly Callee[]): string {
  const dependsOn = needsDependency(caller, callee, all) ? `, dependsOn: ['${callee}']` : '';
  return `in the configuration: env: { ${key}: '${value}' }${dependsOn}`;
}

function readHint(caller: string, callee: string, all: readonly Callee[]): string {
  const more = needsDependency(caller, callee, all)
    ? `, and add dependsOn: ['${callee}'] to "${caller}" in the configuration`
    : '';
  return `Read process.env.${envName(callee)}_URL${more}.`;
}

function waitsFor(from: string, to: string, all: readonly Callee[], seen: readonly string[] = []): boolean {
  const next = all.find(({ name }) => name === from)?.dependsOn ?? [];
  return (
    next.includes(to) || next.some((name) => !seen.includes(name) && waitsFor(name, to, all, [...seen, from]))
  );
}

/** What is wrong with the value of a variable; null when nothing is. */
export function judgeValue(
  key: string,
  value: string,
  caller: Caller,
  all: readonly Callee[],
): Omit<Place, 'line'> | null {
  if (injectedKeys(all).has(key)) return null;
  for (const address of addressesIn(value)) {
    const callee = calleeOf(address, caller, all);
    if (callee === null || callee === 'own' || callee.isPinned) continue;
    return {
      id: 'hard-coded-url',
      severity: 'warning',
      message: `${key} is "${address.text}": it means "${callee.name}", which gets another port at every start.`,
      hint: `Set it ${envHint(key, value.replace(address.text, referenceOf(address, callee.name)), caller.name, callee.name, all)}`,
    };
  }
  return null;
}

function referenceOf({ scheme }: Address, name: string): string {
  if (/^https?$/.test(scheme ?? '')) return referenceTo(name, 'url');
  return `${scheme === null ? '' : `${scheme}://`}${referenceTo(name, 'host')}:${referenceTo(name, 'port')}`;
}

function injectedKeys(all: readonly Callee[]): Set<string> {
  const members = ['URL', 'HOST', 'PORT', 'SERVICE_HOST', 'SERVICE_PORT'];
  return new Set(all.flatMap(({ name }) => members.map((member) => `${envName(name)}_${member}`)));
}

/** The service an address means; `own` for the caller itself. */
function calleeOf({ host, port }: Address, caller: Caller, all: readonly Callee[]): Callee | 'own' | null {
  if (!isLocalHost(host)) {
    const named = all.find(({ name }) => name.toLowerCase() === host) ?? null;
    return named?.name === caller.name ? 'own' : named;
  }
  if (port === null) return 'own';
  const there = all.filter(({ ports }) => ports.includes(port));
  if (there.some(({ name }) => name === caller.name)) return 'own';
  return there[0] ?? null;
}

/** Databases have their own schemes, and a name on the internet is no mistake. */
function isWorthSaying({ scheme, host, port }: Address): boolean {
  return port !== null && isLocalHost(host) && (scheme === null || /^(?:https?|wss?)$/.test(scheme));
}
