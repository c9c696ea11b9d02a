// Rounds of the benchmark: whose turn it is, and what becomes of a side that fails.
import { alternate } from '../../scripts/bench/measure/rounds.ts';

interface Told {
  readonly turns: string[];
  readonly failures: string[];
}

async function take(rounds: number, failing: string | null): Promise<Told> {
  const told: Told = { turns: [], failures: [] };
  await alternate(
    {
      title: 'boot of 15 js',
      names: ['bare', 'watt', 'thread'],
      rounds,
      measure: async (name, isMeasured) => {
        told.turns.push(`${name}${isMeasured ? '' : ' warm-up'}`);
        if (name === failing) throw new Error('ended with 1');
      },
    },
    { fail: (who, reason) => told.failures.push(`${who} ${reason}`), progress: () => undefined },
  );
  return told;
}

test('every side has its turn in every round, each round in the reverse order of the last', async () => {
  const { turns, failures } = await take(2, null);
  expect(turns).toEqual([
    ...['thread warm-up', 'watt warm-up', 'bare warm-up'],
    ...['bare', 'watt', 'thread'],
    ...['thread', 'watt', 'bare'],
  ]);
  expect(failures).toEqual([]);
});

test('a side that fails is told and has no further turn; the others go on', async () => {
  const { turns, failures } = await take(1, 'watt');
  expect(turns).toEqual(['thread warm-up', 'watt warm-up', 'bare warm-up', 'bare', 'thread']);
  expect(failures).toEqual(['watt, boot of 15 js, ended with 1']);
});
