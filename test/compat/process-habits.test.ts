// What programs expect of the process they are in: ports of their own choice, being the main module, being asked to end,
// paths relative to their folder.
import { existsSync, readFileSync } from 'node:fs';
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('a second port for metrics is told beside the main one', async () => {
    await using run = await startProgram('metrics-port', placement);
    expect(await (await fetch(run.url)).json()).toEqual({ hello: 'world' });
    expect(await (await fetch(run.url)).json()).toEqual({ hello: 'world' });
    expect(run.row.extraPorts.map(({ asked }) => asked)).toEqual([9090]);
    const metrics = await fetch(`http://127.0.0.1:${run.row.extraPorts[0]?.port}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toBe('http_requests_total 2\n');
  });

  test('a CommonJS module finds that it is the main one', async () => {
    await using run = await startProgram('commonjs-main', placement);
    expect(await (await fetch(run.url)).text()).toBe('main: true, by: nobody\n');
    expect((await run.line('Listening')).text).toBe('Listening on port 3000');
  });

  test('a handler of SIGTERM runs to its end', async () => {
    await using run = await startProgram('sigterm', placement);
    expect(await (await fetch(run.url)).text()).toBe('still here\n');
    const stopped: string[] = [];
    run.uber.on('stopped', ({ service }) => stopped.push(service));
    await run.stop();
    expect(run.lines.map(({ text }) => text)).toEqual([
      'SIGTERM received: closing the server',
      'server closed',
    ]);
    expect(stopped).toEqual(['sigterm']);
    const note: unknown = JSON.parse(
      readFileSync(run.project.path('programs', 'sigterm', 'stopped.json'), 'utf8'),
    );
    expect(note).toEqual({ answered: 1 });
  });

  test('relative paths start in the working directory of the program', async () => {
    await using run = await startProgram('relative-paths', placement);
    const title = 'read by a relative path';
    expect(await (await fetch(`${run.url}/config`)).json()).toEqual({
      sync: title,
      promise: title,
      exists: true,
      public: ['index.html', 'style.css'],
      greeting: 'from .env',
    });
    expect(await (await fetch(`${run.url}/stream`)).json()).toEqual({ title });
    expect(await (await fetch(`${run.url}/style.css`)).text()).toBe('body {\n  color: rebeccapurple;\n}\n');
    expect(await (await fetch(run.url)).text()).toContain('Served by express.static');
    expect(await (await fetch(`${run.url}/visits`, { method: 'POST' })).text()).toBe('a visit\n');
    expect(existsSync(run.project.path('programs', 'relative-paths', 'visits.log'))).toBe(true);
    expect(existsSync('visits.log')).toBe(false);
  });
});
