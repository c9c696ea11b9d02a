// Stacks as they are shown.
import { collapse } from '../../launcher/supervisor/stacks.ts';

test.each([
  ['a b c', 'a b c'],
  ['', ''],
  ['a a', 'a ...1'],
  ['a b b b b c', 'a b ...3 c'],
  ['a b a b a b c', 'a b ...2 c'],
  ['a b c a b d', 'a b c a b d'],
  ['x a b c a b c', 'x a b c ...1'],
])('the frames %s are shown as %s', (frames, shown) => {
  const words = collapse(frames.split(' ')).map((line) =>
    line.replace(/^ {4}\.\.\. the same (\d+) more times?$/, '...$1'),
  );
  expect(words.join(' ')).toBe(shown);
});
