// What the command lines of benchmarks and chaos runs have in common: values that are checked, and how they end.
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A mistake on the command line; its message is all there is to tell. */
export class UsageError extends Error {}

/** Options as `parseArgs` takes them; every command has `--json` and `--help` as well. */
type OptionTable = NonNullable<ParseArgsConfig['options']>;

const COMMON = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads a command line.
 * @throws UsageError for what is not in the table
 */
export function readCommandLine<Table extends OptionTable>(argv: readonly string[], table: Table) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: { ...COMMON, ...table } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Runs a command to its end and sets the exit code of the process: what `run` answers, 2 for a mistake on the command
 * line, 1 for anything else that is thrown.
 * @param script its name in package.json, for the hint
 */
export async function runCommand(script: string, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    process.exitCode = isUsage ? 2 : 1;
    console.error(isUsage ? `${error.message}\nSee: npm run ${script} -- --help` : error);
  }
}

/** @throws UsageError for anything but a whole number within the bounds */
export function wholeNumber(option: string, text: string, lowest: number, highest: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= lowest && value <= highest) return value;
  throw new UsageError(`${option} takes a number from ${lowest} to ${highest}, not "${text}".`);
}

/** @throws UsageError for what is not among the known words */
export function oneOf<Word extends string>(option: string, text: string, known: readonly Word[]): Word {
  const word = known.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new UsageError(`${option} is one of: ${known.join(', ')}; not "${text}".`);
}

/** The items of a list with commas; `none` is the empty list. */
export function itemsOf(text: string): string[] {
  return text === 'none' ? [] : text.split(',').map((item) => item.trim());
}
