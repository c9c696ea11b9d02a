// All figures of a benchmark in one flat list, and the questions asked of it. Pure.
import { type Spread, spread } from './statistics.ts';

/** What can be measured: how it is told, and with how many digits. */
export const METRICS = {
  bootMs: { title: 'boot ms', digits: 0 },
  servedMs: { title: 'served ms', digits: 0 },
  cpuMs: { title: 'CPU ms', digits: 0 },
  pssMb: { title: 'PSS MB', digits: 0 },
  /** CPU time of one step, too short for whole milliseconds. */
  stepCpuMs: { title: 'CPU ms', digits: 2 },
  processes: { title: 'processes', digits: 0 },
  perSecond: { title: 'requests/s', digits: 0 },
  cpuPerRequestMs: { title: 'CPU ms/request', digits: 3 },
  p50Ms: { title: 'p50 ms', digits: 3 },
  p99Ms: { title: 'p99 ms', digits: 3 },
  answerMs: { title: 'answer ms', digits: 0 },
} as const;

export type Metric = keyof typeof METRICS;

/** Which figures are meant. */
export interface FigureKey {
  /** Name of the scenario. */
  readonly scenario: string;
  /** What was done, for example `js warm`. */
  readonly what: string;
  /** How many services there were. */
  readonly services: number;
  /** With what, for example `bare`. */
  readonly side: string;
  readonly metric: Metric;
}

/** One figure of each round, in their order. Survives JSON. */
export interface Figure extends FigureKey {
  readonly values: readonly number[];
}

/** A group of figures that can be compared: all sides of one thing. */
export type Group = Pick<FigureKey, 'scenario' | 'what' | 'services'>;

/** Collects figures and compares them. */
export class Figures {
  readonly #figures = new Map<string, Figure>();

  constructor(figures: readonly Figure[] = []) {
    for (const figure of figures) this.#figures.set(idOf(figure), figure);
  }

  /** Everything, in the order it came. */
  get all(): readonly Figure[] {
    return [...this.#figures.values()];
  }

  /** Adds the figure of one more round; null is a figure that this system cannot give. */
  add(key: FigureKey, value: number | null): void {
    if (value === null) return;
    const { scenario, what, services, side, metric } = key;
    const values = [...(this.#figures.get(idOf(key))?.values ?? []), value];
    this.#figures.set(idOf(key), { scenario, what, services, side, metric, values });
  }

  /** One figure of each round, or none. */
  values(key: FigureKey): readonly number[] {
    return this.#figures.get(idOf(key))?.values ?? [];
  }

  spread(key: FigureKey): Spread | null {
    const values = this.values(key);
    return values.length === 0 ? null : spread(values);
  }

  median(key: FigureKey): number | null {
    return this.spread(key)?.median ?? null;
  }

  /**
   * The first beside the second. Rounds that ran side by side are compared with each other, so that a slow minute of the
   * machine is in both; figures of different numbers of rounds by their medians. Null when one was not measured.
   */
  ratio(above: FigureKey, below: FigureKey): Spread | null {
    const upper = this.values(above);
    const lower = this.values(below);
    if (upper.length === 0 || lower.length === 0) return null;
    if (upper.length !== lower.length) return spread([spread(upper).median / spread(lower).median]);
    return spread(upper.map((value, round) => value / (lower[round] ?? Number.NaN)));
  }

  /** The groups of a scenario, in the order they were measured. */
  groups(scenario: string): Group[] {
    const groups = new Map<string, Group>();
    for (const { scenario: of, what, services } of this.all) {
      if (of === scenario) groups.set(`${what} ${services}`, { scenario, what, services });
    }
    return [...groups.values()];
  }

  /** The sides of a group, in the order they were measured. */
  sides(group: Group): string[] {
    return [...new Set(this.#of(group).map(({ side }) => side))];
  }

  /** The metrics of a group, in the order of {@link METRICS}. */
  metrics(group: Group): Metric[] {
    const found = new Set(this.#of(group).map(({ metric }) => metric));
    return (Object.keys(METRICS) as Metric[]).filter((metric) => found.has(metric));
  }

  #of({ scenario, what, services }: Group): Figure[] {
    return this.all.filter(
      (figure) => figure.scenario === scenario && figure.what === what && figure.services === services,
    );
  }
}

function idOf({ scenario, what, services, side, metric }: FigureKey): string {
  return JSON.stringify([scenario, what, services, side, metric]);
}
