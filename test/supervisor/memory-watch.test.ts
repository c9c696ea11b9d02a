// When a thread uses too much: the decision as a table.
import { usesTooMuch } from '../../launcher/supervisor/memory-watch.ts';

const MB = 2 ** 20;

test.each([
  ['less than it may', 90, 5, false],
  ['more, but V8 may not have collected what nobody needs', 600, 5, false],
  ['just what may be garbage', 676, 0, false],
  ['more than that', 677, 0, true],
  ['buffers alone', 5, 700, true],
] as const)('%s', (_title, heapMb, externalMb, isTooMuch) => {
  const use = { heapBytes: heapMb * MB, externalBytes: externalMb * MB, limitBytes: 1124 * MB };
  expect(usesTooMuch(use, 100)).toBe(isTooMuch);
});
