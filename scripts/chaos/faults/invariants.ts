// What must hold at every moment of a chaos run, checked with each event of it.
import type { InstanceState, LogLine, ReadyRow, UberHandle } from '../../../launcher/index.ts';
import { TRANSITIONS } from '../../../launcher/supervisor/state-machine.ts';

/** How a service is known to be so far. */
interface Known {
  state: InstanceState;
  incarnation: number;
  port: number | null;
  /** Life -> its last numbered line. */
  readonly lives: Map<string, number>;
  /** All numbered lines, in the order they came. */
  readonly lines: string[];
  /** The line that must have come when the incarnation ends. */
  promised: { readonly life: string; readonly line: number } | null;
}

const ENDED: readonly InstanceState[] = ['backoff', 'failed', 'stopped'];

/** Follows a run. What does not hold is said once, in `broken`. */
export class Invariants {
  readonly broken: string[] = [];
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Set<() => void>();
  readonly #offs: (() => void)[] = [];
  #lives = 0;
  #lines = 0;

  /** Takes every line of the run from before its start: the option `onLog` of `startUber`. */
  readonly takeLine = ({ service, text }: LogLine): void => {
    const [, life, number] = /^chaos ([0-9a-f]{8}) (\d+) /.exec(text) ?? [];
    if (life === undefined || number === undefined) return;
    const known = this.#of(service);
    const last = known.lives.get(life) ?? 0;
    if (last === 0) this.#lives += 1;
    if (Number(number) !== last + 1)
      this.#break(`${service}: line ${number} of life ${life} came after ${last}`);
    known.lives.set(life, Number(number));
    known.lines.push(text);
    this.#lines += 1;
  };

  /** Incarnations whose lines were followed, and how many lines. */
  get counts(): { readonly lives: number; readonly lines: number } {
    return { lives: this.#lives, lines: this.#lines };
  }

  /** Follows the states of a run whose services are all ready. */
  follow(uber: UberHandle): void {
    for (const { service, state, ready } of uber.snapshot().services) {
      const known = this.#of(service);
      known.state = state;
      known.incarnation = ready?.incarnation ?? 0;
      known.port = ready?.port ?? null;
    }
    this.#offs.push(
      uber.on('state', (event) => this.#takeState(event)),
      uber.on('ready', (row) => this.#takeReady(row)),
    );
  }

  /** Takes the listeners off again. */
  unfollow(): void {
    for (const off of this.#offs) off();
  }

  /** The service has said that it writes this line before it ends. */
  promise(service: string, line: { readonly life: string; readonly line: number }): void {
    this.#of(service).promised = line;
  }

  stateOf(service: string): InstanceState {
    return this.#of(service).state;
  }

  /** Number of the current or last incarnation. */
  incarnationOf(service: string): number {
    return this.#of(service).incarnation;
  }

  /** The numbered lines of a service, in the order they came. */
  linesOf(service: string): readonly string[] {
    return this.#of(service).lines;
  }

  /** Resolves when the condition holds after some change of a state; false when it does not in time. */
  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isMet: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(isMet);
      };
      const look = (): void => {
        if (condition()) finish(true);
      };
      const timer = setTimeout(() => finish(false), limitMs);
      this.#waiting.add(look);
      look();
    });
  }

  #takeState({ service, state, incarnation }: StateEvent): void {
    const known = this.#of(service);
    if (!TRANSITIONS[known.state].includes(state))
      this.#break(`${service} went from ${known.state} to ${state}`);
    if (incarnation < known.incarnation || incarnation > known.incarnation + 1) {
      this.#break(`${service}: incarnation ${incarnation} came after ${known.incarnation}`);
    }
    known.state = state;
    known.incarnation = incarnation;
    if (ENDED.includes(state)) this.#judgePromise(service, known);
    for (const look of [...this.#waiting]) look();
  }

  /** Its last words must be there before its end is told. */
  #judgePromise(service: string, known: Known): void {
    const { promised } = known;
    known.promised = null;
    if (promised === null) return;
    const last = known.lives.get(promised.life) ?? 0;
    if (last < promised.line) {
      this.#break(
        `${service}: life ${promised.life} wrote ${promised.line} lines, ${last} came before its end`,
      );
    }
  }

  #takeReady({ service, port }: ReadyRow): void {
    const known = this.#of(service);
    if (known.port !== port) this.#break(`${service}: its port was ${known.port} and is ${port}`);
  }

  #of(service: string): Known {
    const known = this.#known.get(service) ?? {
      state: 'idle',
      incarnation: 0,
      port: null,
      lives: new Map(),
      lines: [],
      promised: null,
    };
    this.#known.set(service, known);
    return known;
  }

  #break(text: string): void {
    this.broken.push(text);
  }
}

interface StateEvent {
  readonly service: string;
  readonly state: InstanceState;
  readonly incarnation: number;
}
