// All sides by name, and their preparation. A new peer is a file and a line here.
import type { BenchTools } from '../scenario.ts';
import { Unavailable } from '../unavailable.ts';
import { BARE, PROCESSES, SINGLE } from './by-hand.ts';
import type { PreparedSide, Side } from './side.ts';
import { uberSide } from './uber.ts';
import { WATCH } from './watch.ts';
import { WATT } from './watt.ts';

/** Placements of uber. */
export const PLACEMENT_NAMES = ['thread', 'shared'] as const;
/** What uber is compared with. */
export const PEER_NAMES = ['bare', 'single', 'process', 'watch', 'watt'] as const;

type PlacementSide = (typeof PLACEMENT_NAMES)[number];
type PeerName = (typeof PEER_NAMES)[number];
export type SideName = PlacementSide | PeerName;

export const SIDES: Readonly<Record<SideName, Side>> = {
  thread: uberSide('thread'),
  shared: uberSide('shared'),
  bare: BARE,
  single: SINGLE,
  process: PROCESSES,
  watch: WATCH,
  watt: WATT,
};

/** Prepares each side at most once in a run of the benchmark, and remembers those that cannot be run. */
export class SideShelf {
  readonly #prepared = new Map<SideName, Promise<PreparedSide>>();
  readonly #tools: BenchTools;

  constructor(tools: BenchTools) {
    this.#tools = tools;
  }

  /** @throws Unavailable */
  prepared(name: SideName): Promise<PreparedSide> {
    const known = this.#prepared.get(name) ?? SIDES[name].prepare(this.#tools);
    this.#prepared.set(name, known);
    return known;
  }

  /** Those that can be run, in the order of their names; the others are told as skipped. */
  async available(names: readonly SideName[]): Promise<[SideName, PreparedSide][]> {
    const found: [SideName, PreparedSide][] = [];
    for (const name of names) {
      try {
        found.push([name, await this.prepared(name)]);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        this.#tools.skip(name, error.message);
      }
    }
    return found;
  }

  /** Titles of all sides that were prepared. */
  async titles(): Promise<string[]> {
    const settled = await Promise.allSettled(
      [...this.#prepared].map(async ([name, side]) => `${name}: ${(await side).title}`),
    );
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }
}
