// Which service is to load first.
import { urgencies } from '../../launcher/supervisor/urgency.ts';

type Graph = Record<string, string[]>;

/** The services, most urgent first; of equals in start order. */
function order(graph: Graph, known: Record<string, number>): string[] {
  const specs = Object.entries(graph).map(([name, dependsOn]) => ({ name, dependsOn }));
  const urgency = urgencies(specs, new Map(Object.entries(known)));
  return [...urgency.keys()].reverse().sort((a, b) => (urgency.get(b) ?? 0) - (urgency.get(a) ?? 0));
}

test.each<[string, Graph, Record<string, number>, string[]]>([
  ['nothing is known and nothing depends: as they stand', { a: [], b: [], c: [] }, {}, ['a', 'b', 'c']],
  ['the longest chain first', { a: [], db: [], api: ['db'], web: ['api'] }, {}, ['db', 'api', 'a', 'web']],
  ['one that is slow first', { a: [], b: [], c: [] }, { b: 900, a: 100, c: 50 }, ['b', 'a', 'c']],
  [
    'one slow service outweighs a chain of quick ones',
    { slow: [], x: [], y: ['x'], z: ['y'] },
    { slow: 1000, x: 10, y: 10, z: 10 },
    ['slow', 'x', 'y', 'z'],
  ],
  [
    'what is not known counts as one in the middle of the others',
    { known: [], other: [], fresh: [] },
    { known: 400, other: 50 },
    ['known', 'fresh', 'other'],
  ],
  [
    'the slowest of several who wait counts, not their number',
    { a: [], b: [], a1: ['a'], a2: ['a'], a3: ['a'], b1: ['b'] },
    { a: 10, b: 10, a1: 20, a2: 20, a3: 20, b1: 50 },
    ['b', 'b1', 'a', 'a1', 'a2', 'a3'],
  ],
  ['who depends on a service outside of the run', { a: ['elsewhere'], b: [] }, { b: 5, a: 4 }, ['b', 'a']],
])('%s', (_what, graph, known, expected) => {
  expect(order(graph, known)).toEqual(expected);
});

test('a hundred services that depend on all before them take no time to order', () => {
  const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
  const graph = Object.fromEntries(names.map((name, index) => [name, names.slice(0, index)]));
  expect(order(graph, {})).toEqual(names);
});
