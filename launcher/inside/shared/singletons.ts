// Packages with one instance that a service thinks is its own. Two services of one thread that use it are told so.
import { sep } from 'node:path';
import { openScopes, scopeHere, theThread } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';

/** A package that keeps something for the whole program. To teach the launcher another one, add a line to the table. */
interface Singleton {
  /** The file of the package that `require` and `import` lead to, with slashes. */
  readonly file: string;
  /** What is shared, as a person would call it. */
  readonly what: string;
  readonly advice: string;
  /** Calls back when a service uses it; left out where to load the package is to use it. */
  readonly watch?: (exports: never, use: () => void) => void;
}

const SINGLETONS: readonly Singleton[] = [
  {
    file: 'mongoose/index.js',
    what: 'the default connection of mongoose',
    advice: 'Use mongoose.createConnection() in each',
    watch: (mongoose: { connect: (...args: unknown[]) => unknown }, use) => before(mongoose, 'connect', use),
  },
  {
    file: 'prom-client/index.js',
    what: 'the default registry of prom-client',
    advice: 'Make a Registry in each and hand it to each metric',
    watch: ({ register }: { register: object }, use) => before(register, 'registerMetric', use),
  },
  {
    file: 'config/lib/config.js',
    what: 'the configuration that the package config has read',
    advice: 'It holds what the first of them has read',
  },
];

interface Watched extends Singleton {
  readonly users: Map<string, SharedScope>;
  readonly told: Set<string>;
  isWatched: boolean;
}

const table: Watched[] = SINGLETONS.map((each) => ({
  ...each,
  users: new Map(),
  told: new Set(),
  isWatched: false,
}));
const known = new Map<string, Watched | null>();

/** A package's module was loaded, or asked for again. Cheap: this is called for each `require` of the thread. */
export function noteUse(path: string, module: unknown): void {
  const found = lookUp(path);
  if (found === null) return;
  const { watch } = found;
  if (watch === undefined) {
    use(found);
    return;
  }
  const { exports, loaded } = module as { exports: never; loaded: boolean };
  if (found.isWatched || !loaded) return;
  found.isWatched = true;
  watch(exports, () => use(found));
}

function lookUp(path: string): Watched | null {
  const before = known.get(path);
  if (before !== undefined) return before;
  const name = path.split(sep).join('/');
  const found = table.find(({ file }) => name.endsWith(`/node_modules/${file}`)) ?? null;
  known.set(path, found);
  return found;
}

function use({ users, told, what, advice }: Watched): void {
  const scope = scopeHere();
  const { service } = scope.start;
  if (scope === theThread() || scope.isEnded) return;
  for (const name of users.keys())
    if (!openScopes().some(({ start }) => start.service === name)) users.delete(name);
  users.set(service, scope);
  const other = [...users.keys()].find((name) => name !== service);
  if (other === undefined || told.has(service)) return;
  told.add(service);
  scope.link.post({ type: 'singleton', what, other, advice });
}

function before(owner: object, name: string, callback: () => void): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return;
  Reflect.set(owner, name, function (this: unknown, ...args: unknown[]): unknown {
    callback();
    return Reflect.apply(original, this, args);
  });
}
