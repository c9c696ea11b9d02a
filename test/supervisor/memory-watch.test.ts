// When a thread uses too much: the decision as a table.
import { judgeMemory } from '../../launcher/supervisor/memory-watch.ts';

const MB = 2 ** 20;

test.each([
  ['less than it may', 90, 5, 1, 'leave'],
  ['just what it may', 90, 10, 5, 'leave'],
  ['more: some of it may be garbage', 90, 11, 1, 'collect'],
  ['still more: buffers are set free a moment later', 90, 11, 2, 'collect'],
  ['still more', 90, 11, 3, 'end'],
  ['buffers alone', 5, 96, 3, 'end'],
  ['so much that there is no time', 1125, 0, 1, 'end'],
] as const)('%s', (_title, heapMb, externalMb, looks, step) => {
  expect(judgeMemory({ heapBytes: heapMb * MB, externalBytes: externalMb * MB }, 100, looks)).toBe(step);
});
