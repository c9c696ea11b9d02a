// What happens in a chaos run: a sequence of steps that depends on the seed only. Pure.
import type { ChaosService } from './layout.ts';
import { Random } from './random.ts';

/** Asked of the service itself; it ends of its own, or is ended for it. */
export const DEADLY = ['throw', 'reject', 'exit', 'abort', 'overflow', 'memory', 'busy'] as const;
/** Asked of the service; it goes on, and is started again after that. */
export const LASTING = ['flood', 'leak', 'deaf', 'stop-hangs'] as const;
/** Asked of the launcher. */
const COMMANDS = [
  'restart',
  'stop and start',
  'restart while starting',
  'stop while starting',
  'stop during backoff',
  'port taken while down',
  'port taken during backoff',
  'many at once',
] as const;

/** What a step can be. */
export type StepKind = (typeof DEADLY)[number] | (typeof LASTING)[number] | (typeof COMMANDS)[number];

/** One step. */
export interface Step {
  readonly number: number;
  readonly kind: StepKind;
  /** Those it is done to. */
  readonly services: readonly string[];
  /** All that are hurt by it: those that are started again with them too. */
  readonly touched: readonly string[];
  /** Pause before the next step, in milliseconds. */
  readonly pauseMs: number;
}

const KINDS: readonly StepKind[] = [...DEADLY, ...LASTING, ...COMMANDS];
const LONGEST_PAUSE_MS = 400;

/** The steps of a seed, without end. At most a third of the services is touched by one of them. */
export function* planSteps(seed: number, services: readonly ChaosService[]): Generator<Step, never> {
  const random = new Random(seed);
  const most = Math.floor(services.length / 3);
  // Every kind comes before one comes again.
  let bag: StepKind[] = [];
  for (let number = 1; ; number += 1) {
    if (bag.length === 0) bag = [...KINDS];
    const kind = random.pick(bag);
    bag.splice(bag.indexOf(kind), 1);
    const chosen = new Set<string>();
    const touched = new Set<string>();
    for (let tries = kind === 'many at once' ? most : 1; tries > 0; tries -= 1) {
      const { name, startsAgain } = random.pick(services);
      if (new Set([...touched, name, ...startsAgain]).size > most) continue;
      chosen.add(name);
      for (const each of [name, ...startsAgain]) touched.add(each);
    }
    const pauseMs = Math.floor(random.next() * LONGEST_PAUSE_MS);
    yield { number, kind, services: [...chosen], touched: [...touched], pauseMs };
  }
}
