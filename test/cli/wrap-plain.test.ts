// Help texts are broken as the library breaks them that yargs has for it.
import wrapAnsi from 'wrap-ansi';
import wrapPlain from '../../launcher/cli/output/wrap-plain.ts';

test.each([
  ['one line', 20],
  ['words that do not fit on one line are put on the next', 20],
  ['averyveryverylongwordthatfitsnowhere and others', 10],
  ['exactly ten', 10],
  ['first line\nand a second one that is longer', 12],
  ['', 10],
  ['--json  One object an event (docs/cli.md#output) in place of lines', 30],
])('%j in %i columns', (text, columns) => {
  const squeezed = text.replace(/ +/g, ' ');
  expect(wrapPlain(squeezed, columns)).toBe(wrapAnsi(squeezed, columns, { hard: true }));
});
