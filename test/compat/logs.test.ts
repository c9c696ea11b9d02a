// Loggers with threads of their own: every line arrives, with the name of the service, also those written last.
import { readFileSync } from 'node:fs';
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

/** `first 1 of count`, `first 2 of count` and so on. */
function numbered(first: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${first} ${index + 1} of ${count}`);
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('lines of a pino transport are complete at the end', async () => {
    await using run = await startProgram('pino-pretty', placement);
    expect(await (await fetch(run.url)).text()).toBe('logged\n');
    await run.stop();
    expect(run.lines.map(({ text }) => text)).toEqual([
      ...numbered('INFO: line', 100),
      'INFO: the server closes',
      ...numbered('WARN: last line', 100),
    ]);
    expect(new Set(run.lines.map(({ service }) => service))).toEqual(new Set(['pino-pretty']));
  });

  test('pino writes to a relative file and to the output', async () => {
    await using run = await startProgram('pino-file', placement);
    expect(await (await fetch(`${run.url}/here`)).text()).toBe('logged\n');
    expect((await run.line('a request')).fields).toMatchObject({ path: '/here', msg: 'a request' });
    await run.stop();
    const file = readFileSync(run.project.path('programs', 'pino-file', 'logs', 'app.log'), 'utf8');
    const messages = (lines: readonly string[]): string[] =>
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages(file.trimEnd().split('\n'))).toEqual(['a request', 'closed']);
    expect(messages(run.lines.map(({ text }) => text))).toEqual(['a request', 'closed']);
  });
});
