// A line for a shell -> the commands that matter in it. Nothing is run.
import { parse } from 'shell-quote';

/** One command: the words of a program, and what the shell sets for it. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** `A=b` before the words. */
  readonly env: Readonly<Record<string, string>>;
  /** Where earlier `cd` commands have led, relative to where the line starts. */
  readonly folders: readonly string[];
  /** Variables in the words that only the shell knows; `PORT` is replaced by a number. */
  readonly variables: readonly string[];
}

/** What a program is told for `$PORT`: any port will do, since the launcher moves it. */
const SOME_PORT = '3000';

/**
 * Reads a line. Of a chain (`tsc && node dist`) the last command counts, of a pipe the first;
 * commands side by side (`a & b`) are all given.
 */
export function readShellLine(line: string): ShellCommand[] {
  const variables: string[] = [];
  const entries = parse(line, (key) => {
    const [name = '', fallback] = key.split(/:?-/);
    if (name === 'PORT') return fallback === undefined || fallback === '' ? SOME_PORT : fallback;
    if (fallback !== undefined) return fallback;
    variables.push(name);
    return `$${name}`;
  });
  return split(entries).map((command) => ({ ...command, variables }));
}

type Entry = string | object;
type Split = Omit<ShellCommand, 'variables'>;

/** Operators behind which a command follows, with what becomes of the one before. */
const SEPARATORS: Readonly<Record<string, 'replace' | 'keep' | 'skip-next'>> = {
  '&&': 'replace',
  ';': 'replace',
  '&': 'keep',
  '||': 'skip-next',
  '|': 'skip-next',
  '|&': 'skip-next',
};

function split(entries: readonly Entry[]): Split[] {
  const done: Split[] = [];
  let words: string[] = [];
  let folders: string[] = [];
  let last: Split | null = null;
  let isSkipping = false;
  const finish = (): void => {
    const command = toCommand(words, folders);
    if (command.words[0] === 'cd' && command.words[1] !== undefined && !isSkipping)
      folders = [...folders, command.words[1]];
    else if (command.words.length > 0 && !isSkipping) last = command;
    words = [];
  };
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (typeof entry === 'string') words.push(entry);
    else if (entry !== undefined && 'pattern' in entry) words.push(String(entry.pattern));
    else if (entry !== undefined && 'op' in entry) {
      const kind = SEPARATORS[String(entry.op)];
      if (kind === undefined) {
        // Redirections take a word with them; brackets do not.
        if (/[<>]/.test(String(entry.op))) index += 1;
        continue;
      }
      finish();
      isSkipping = kind === 'skip-next';
      if (kind === 'keep') {
        if (last !== null) done.push(last);
        last = null;
        folders = [];
      }
    }
  }
  finish();
  return last === null ? done : [...done, last];
}

function toCommand(words: readonly string[], folders: readonly string[]): Split {
  const first = words.findIndex((word) => !isAssignment(word));
  const rest = first === -1 ? [] : words.slice(first);
  return { words: rest, env: assignmentsOf(words.slice(0, first === -1 ? undefined : first)), folders };
}

/** True for `A=b`. */
export function isAssignment(word: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(word);
}

/** `['A=b']` -> `{ A: 'b' }`. */
export function assignmentsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter(isAssignment)
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}
