// In the place of `wrap-ansi` in the bundle of the command line: help texts are plain, and to look at every character of
// them for colours takes 5 ms. Pure.

/**
 * Breaks the lines of a plain text between words; a word that is longer than a line is cut.
 * @param columns the longest line, in characters
 */
export default function wrapPlain(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= columns ? line : wrapLine(line, Math.max(1, columns))))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const lines: string[] = [];
  let current = '';
  for (const word of line.trim().split(/ +/)) {
    if (current !== '' && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
    for (; current.length > columns; current = current.slice(columns)) lines.push(current.slice(0, columns));
  }
  return [...lines, current].join('\n');
}
