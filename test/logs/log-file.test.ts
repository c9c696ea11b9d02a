// The log file of a service: it is bounded, and its last lines stay.
import { readFileSync, statSync } from 'node:fs';
import { LogFile, oldPart } from '../../launcher/logs/log-file.ts';
import { makeProject } from '../support/project.ts';

function lines(from: number, to: number): string {
  let text = '';
  for (let line = from; line < to; line += 1) text += `line ${String(line).padStart(4, '0')}\n`;
  return text;
}

test('two parts are kept, nothing is lost between them, and the last line is in the newer one', () => {
  using project = makeProject({ packages: false });
  const path = project.path('foo.log');
  const lost: Error[] = [];
  const file = new LogFile(path, (error) => lost.push(error), 1000);
  for (let line = 0; line < 950; line += 1) file.write(Buffer.from(lines(line, line + 1)));
  file.close();
  file.write(Buffer.from('after the end'));
  expect(readFileSync(oldPart(path), 'utf8') + readFileSync(path, 'utf8')).toBe(lines(800, 950));
  expect(statSync(oldPart(path)).size).toBe(1000);
  expect(readFileSync(path, 'utf8')).toMatch(/line 0949\n$/);
  expect(lost).toEqual([]);
});

test('a later incarnation goes on where the file ends, and one line may be longer than a part', () => {
  using project = makeProject({ packages: false });
  const path = project.path('foo.log');
  for (const text of ['first\n', 'second\n', `${'x'.repeat(2000)}\n`, 'last\n']) {
    const file = new LogFile(path, fail, 1000);
    file.write(Buffer.from(text));
    file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('last\n');
  expect(readFileSync(oldPart(path), 'utf8')).toBe(`${'x'.repeat(2000)}\n`);
});

function fail(error: Error): void {
  throw error;
}
