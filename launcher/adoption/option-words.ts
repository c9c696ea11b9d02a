// Options among the words of a command. Pure.

/** `--a=b` -> `['--a', 'b']`, `--a` -> `['--a']`. */
export function splitOption(word: string): [name: string, value?: string] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
