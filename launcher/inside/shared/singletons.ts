// Packages with one instance that a service thinks is its own. Two services of one thread that use it are told so.
import { sep } from 'node:path';
import { openScopes, runIn, scopeHere, theThread } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';

/** A package that keeps something for the whole program. To teach the launcher another one, add a line to the table. */
interface Singleton {
  /** The file of the package that `require` and `import` lead to, with slashes. */
  readonly file: string;
  /** What is shared, as a person would call it. */
  readonly what: string;
  readonly advice: string;
  /** Calls back when a service uses it; left out where to load the package is to use it. */
  readonly watch?: (exports: never, use: Use) => void;
}

/** What a service uses is noted. What `undo` takes back goes with the service: its next life puts it there again. */
type Use = (undo?: () => void) => void;

interface Mongoose {
  readonly models: Record<string, { readonly discriminators?: object }>;
  readonly connection: { readonly models: object; readyState: number; getClient(): Client | null };
  deleteModel(name: string): unknown;
}

interface Client {
  removeAllListeners(): unknown;
  close(isForced: boolean): Promise<unknown>;
}

interface Registry {
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

const SINGLETONS: readonly Singleton[] = [
  {
    file: 'mongoose/index.js',
    what: 'the default connection of mongoose',
    advice: 'Use mongoose.createConnection() in each, and make the models on it',
    watch: (mongoose: Mongoose, use) => {
      before(mongoose, 'connect', () => use(() => disconnect(mongoose)));
      before(mongoose, 'model', ([name, schema]) => {
        // With a name alone it asks for a model that there is.
        if (schema === undefined) return;
        const isNew = typeof name === 'string' && !Object.hasOwn(mongoose.models, name);
        use(isNew ? () => deleteModel(mongoose, name) : undefined);
      });
    },
  },
  {
    file: 'prom-client/index.js',
    what: 'the default registry of prom-client',
    advice: 'Make a Registry in each and hand it to each metric',
    watch: ({ register }: { register: Registry }, use) =>
      before(register, 'registerMetric', ([metric]) => {
        const { name } = metric as { name: string };
        use(() => {
          if (register.getSingleMetric(name) === metric) register.removeSingleMetric(name);
        });
      }),
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
const undos = new WeakMap<SharedScope, (() => void)[]>();

/** A package's module was loaded, or asked for again. Cheap: this is called for each `require` of the thread. */
export function noteUse(path: string, module: unknown): void {
  const found = lookUp(path);
  if (found === null) return;
  const { watch } = found;
  if (watch === undefined) {
    use(found, scopeHere());
    return;
  }
  const { exports, loaded } = module as { exports: never; loaded: boolean };
  if (found.isWatched || !loaded) return;
  found.isWatched = true;
  watch(exports, (undo) => {
    const scope = scopeHere();
    if (scope === theThread() || scope.isEnded) return;
    if (undo !== undefined) undosOf(scope).push(undo);
    use(found, scope);
  });
}

/** The same for what is imported: Node loads it once, and asks nobody when a second service imports it. */
export function noteImport(path: string, scope: SharedScope): void {
  const found = lookUp(path);
  if (found !== null && found.watch === undefined) use(found, scope);
}

/** Takes back what a service that has ended has put into packages. */
export function leaveSingletons(scope: SharedScope): void {
  for (const undo of undosOf(scope)) {
    try {
      // What it starts in doing so must go on after the end.
      runIn(theThread(), undo);
    } catch {
      // A version of the package with other insides: then it stays, and the end goes on.
    }
  }
  undos.delete(scope);
}

function undosOf(scope: SharedScope): (() => void)[] {
  const found = undos.get(scope) ?? [];
  undos.set(scope, found);
  return found;
}

function lookUp(path: string): Watched | null {
  const before = known.get(path);
  if (before !== undefined) return before;
  const name = path.split(sep).join('/');
  const found = table.find(({ file }) => name.endsWith(`/node_modules/${file}`)) ?? null;
  known.set(path, found);
  return found;
}

function use({ users, told, what, advice }: Watched, scope: SharedScope): void {
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

/**
 * Its sockets and timers have ended with the service, of which mongoose knows nothing: the next life would be told that
 * it is connected. `disconnect` of mongoose would wait for a connection that never comes.
 */
function disconnect({ connection }: Mongoose): void {
  const client = connection.getClient();
  connection.readyState = 0;
  client?.removeAllListeners();
  client?.close(true).catch(() => undefined);
}

/** With the discriminators of the model, which only its connection knows. */
function deleteModel(mongoose: Mongoose, name: string): void {
  const names = [...Object.keys(mongoose.models[name]?.discriminators ?? {}), name];
  for (const each of names) if (Object.hasOwn(mongoose.connection.models, each)) mongoose.deleteModel(each);
}

function before(owner: object, name: string, callback: (args: unknown[]) => void): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return;
  Reflect.set(owner, name, function (this: unknown, ...args: unknown[]): unknown {
    callback(args);
    return Reflect.apply(original, this, args);
  });
}
