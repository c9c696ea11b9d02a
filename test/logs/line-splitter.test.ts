import { LineSplitter, LONGEST_LINE_BYTES } from '../../launcher/logs/line-splitter.ts';

function split(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(Buffer.from(chunk));
  splitter.end();
  return lines;
}

test.each([
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc'],
    ['ab', 'c'],
  ],
  [['a\r\nb'], ['a', 'b']],
  [['\n\n'], ['', '']],
  [[''], []],
])('%j becomes %j', (chunks, lines) => {
  expect(split(...chunks)).toEqual(lines);
});

test('a character cut in two by a chunk is whole in its line', () => {
  const bytes = Buffer.from('grüß\n');
  expect(split(bytes.subarray(0, 3), bytes.subarray(3))).toEqual(['grüß']);
});

test('a line without end is cut', () => {
  expect(split('x'.repeat(LONGEST_LINE_BYTES * 2 + 5)).map((line) => line.length)).toEqual([
    LONGEST_LINE_BYTES,
    LONGEST_LINE_BYTES,
    5,
  ]);
});
