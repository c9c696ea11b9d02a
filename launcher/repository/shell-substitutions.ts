// What only a running shell can fill in: `$(cat port)` and `` `cat port` ``. Pure.

/** A line in which every substitution is one word that no command has. */
export interface MaskedLine {
  readonly text: string;
  /** True when a quote or a substitution is not closed. */
  readonly isOpen: boolean;
}

/** Stands for a substitution. */
export const SUBSTITUTION = '__substitution_of_a_shell__';

/** Masks the substitutions of a line. Within single quotes and comments there are none. */
export function maskSubstitutions(line: string): MaskedLine {
  let text = '';
  let quote = '';
  let at = 0;
  while (at < line.length) {
    const char = line[at] ?? '';
    if (char === '\\' && quote !== "'") {
      text += line.slice(at, at + 2);
      at += 2;
    } else if (quote !== "'" && (char === '`' || line.startsWith('$(', at))) {
      const end = char === '`' ? line.indexOf('`', at + 1) : closingBracket(line, at + 1);
      if (end === -1) return { text, isOpen: true };
      text += SUBSTITUTION;
      at = end + 1;
    } else if (quote === '' && char === '#' && /^$|\s$/.test(line.slice(0, at))) {
      return { text, isOpen: false };
    } else {
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      text += char;
      at += 1;
    }
  }
  return { text, isOpen: quote !== '' };
}

function closingBracket(line: string, open: number): number {
  let depth = 0;
  for (let at = open; at < line.length; at += 1) {
    if (line[at] === '(') depth += 1;
    else if (line[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
