// Programs that run several commands side by side: concurrently, npm-run-all. Pure.
import { splitOption } from './option-words.ts';

/** Run several commands side by side. */
export const SIDE_BY_SIDE: ReadonlySet<string> = new Set([
  ...['concurrently', 'conc', 'npm-run-all', 'run-p', 'run-s', 'npm-run-all2', 'stmux'],
]);

/** A command of such a program, and the name it is given. */
export interface NamedCommand {
  readonly line: string;
  readonly name: string | null;
}

const VALUES_OF_SIDE_BY_SIDE =
  /^(?:-n|--names|-c|--prefix-colors|-p|--prefix|-t|--timestamp-format|-l|--prefix-length|-m|--max-processes|--kill-signal|--restart-tries|--restart-after|--default-input-target|--max-parallel|--cwd|--success|-s)$/;

/** The commands such a program runs. */
export function readSideBySide(program: string, words: readonly string[]): NamedCommand[] {
  const isNpm = !/^conc|^stmux/.test(program);
  const lines: string[] = [];
  let names: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      const script = /^(?:npm|yarn|pnpm|node|bun):(.+)$/.exec(word)?.[1];
      lines.push(script !== undefined || isNpm ? `npm run ${script ?? word}` : word);
      continue;
    }
    const [name = '', inline] = splitOption(word);
    // Of npm-run-all these letters are flags: parallel, sequential, name.
    if (!VALUES_OF_SIDE_BY_SIDE.test(name) || (isNpm && inline === undefined && !/^--max/.test(name)))
      continue;
    const value = inline ?? words[index + 1] ?? '';
    if (inline === undefined) index += 1;
    if (/^(?:-n|--names)$/.test(name)) names = value.split(',').map((text) => text.trim());
  }
  return lines.map((line, index) => ({ line, name: names[index] ?? null }));
}
