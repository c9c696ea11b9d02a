// Properties that must hold for any input: how many inputs, from which seed, and what came of it.
import fc from 'fast-check';
import { ERROR_CODES, UberError } from '../../launcher/errors.ts';

/** `FUZZ_SEED` makes another series of inputs, `FUZZ_RUNS` a longer one. A failure names both. */
export const SEED: number = Number(process.env.FUZZ_SEED || 20_260_101);
/** Null: as each test says. */
export const RUNS: number | null = process.env.FUZZ_RUNS ? Number(process.env.FUZZ_RUNS) : null;

const counts = new Map<string, number>();

/**
 * Tries a property with many inputs.
 * @param what the inputs are, for the count that is printed
 * @param runs how many, when `FUZZ_RUNS` does not say
 */
export async function fuzz<Input>(
  what: string,
  runs: number,
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => unknown,
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    countInputs(what, 1);
    await holds(input);
  });
  await fc.assert(property, { seed: SEED, numRuns: RUNS ?? runs, endOnFailure: true });
}

/** Counts inputs that were tried elsewhere. */
export function countInputs(what: string, inputs: number): void {
  counts.set(what, (counts.get(what) ?? 0) + inputs);
}

/** Prints how many inputs were tried in this file. To be called behind its last test. */
export function printCounts(): void {
  const lines = [...counts].map(([what, count]) => `fuzz: ${count} ${what}\n`);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  process.stdout.write(`${lines.join('')}fuzz: ${total} inputs in all, seed ${SEED}\n`);
}

/** The result, or the error of the launcher it ended in. Anything else, and a mistake of ours, fails the test. */
export async function resultOrUberError<Result>(
  run: () => Result | Promise<Result>,
): Promise<{ value: Result } | { error: UberError }> {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof UberError)) throw error;
    if (error.code === 'INTERNAL' || !Object.hasOwn(ERROR_CODES, error.code))
      throw new Error(`a mistake of uber: ${error.code} ${error.message}`, { cause: error });
    return { error };
  }
}

/** Names that people and attackers write. */
export const HOSTILE_NAMES: readonly string[] = [
  ...[
    '',
    '.',
    '..',
    '../x',
    '/etc',
    'C:',
    'C:\\x',
    '\\\\host\\share',
    'a/b',
    'a\\b',
    'a\0b',
    'a\nb',
    ' a',
    'a ',
  ],
  ...['CON', 'nul', 'aux.txt', 'Com1', 'LPT9.log', 'con.', 'a.', '-a', '.a', '_a', '_logs', '_run.json'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'up', 'ps', 'node_modules'],
  ...[
    'ｆｏｏ',
    'fоо',
    'foo\u202Eoof',
    'e\u0301',
    'ﬁ',
    '\ud800',
    'a'.repeat(64),
    'a'.repeat(65),
    'ä'.repeat(130),
  ],
  ...[
    '%2e%2e',
    '$HOME',
    '`id`',
    '$(id)',
    ';id',
    '|id',
    '&id',
    '--help',
    '@group',
    '!not',
    '*',
    '{a,b}',
    '[a',
  ],
];

/** Any text: short ones, hostile ones, and those between. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_NAMES),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.tuple(fc.constantFrom(...HOSTILE_NAMES), fc.string({ maxLength: 8 })).map(([a, b]) => a + b),
);
