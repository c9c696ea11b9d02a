// What all sources of one program say about the network.
import { isInstalled, noMetadata, readModuleGraph } from './module-graph.ts';
import { readSourceFacts } from './source-facts.ts';

/** The facts of a program. */
export interface NetworkFacts {
  readonly listens: boolean;
  readonly exportsDefault: boolean;
  readonly ports: readonly number[];
  readonly envReads: ReadonlySet<string>;
  /** Variable -> the text that stands in for it when it is not set. */
  readonly envDefaults: Readonly<Record<string, string>>;
  /** Names of the modules it imports that are not its own files. */
  readonly imports: ReadonlySet<string>;
}

/** Reads all of the program's own files; null for an installed one, and for sources that do not compile. */
export async function readNetworkFacts(entry: string): Promise<NetworkFacts | null> {
  if (isInstalled(entry)) return null;
  const graph = await readModuleGraph(entry, noMetadata).catch(() => null);
  if (graph === null) return null;
  const files = await Promise.all(graph.files.map((path) => readSourceFacts(path)));
  const facts = files.filter((file) => file !== null);
  const own = facts.find(({ path }) => path === entry);
  return {
    listens: facts.some(({ listens }) => listens),
    exportsDefault: own?.exportsDefault ?? false,
    ports: [...new Set(facts.flatMap(({ ports }) => ports))],
    envReads: new Set(facts.flatMap(({ envReads }) => envReads)),
    envDefaults: Object.assign({}, ...facts.map(({ envDefaults }) => envDefaults)),
    imports: new Set(facts.flatMap(({ imports }) => imports)),
  };
}
