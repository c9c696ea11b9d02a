// Rounds in which every side has its turn.
import type { BenchTools } from '../scenario.ts';

interface Rounds<Name extends string> {
  /** What is measured, to tell of a failure. */
  readonly title: string;
  readonly names: readonly Name[];
  /** Measured rounds; one to warm up comes before them. */
  readonly rounds: number;
  /** @param isMeasured false in the round that warms up: its figures are thrown away */
  readonly measure: (name: Name, isMeasured: boolean) => Promise<void>;
}

/**
 * Takes all sides in turn, in alternating order: what changes on the machine meets all of them. A side that fails is
 * told and has no further turn.
 */
export async function alternate<Name extends string>(
  { title, names, rounds, measure }: Rounds<Name>,
  { fail, progress }: Pick<BenchTools, 'fail' | 'progress'>,
): Promise<void> {
  const out = new Set<Name>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      if (out.has(name)) continue;
      try {
        await measure(name, round > 0);
      } catch (error) {
        out.add(name);
        const reason = (error as Error).message;
        progress(`${title}, ${name} FAILED: ${reason}`);
        fail(`${name}, ${title},`, reason);
      }
    }
  }
}
