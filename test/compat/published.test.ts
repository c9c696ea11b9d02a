// Commands that others have published run from node_modules as they are.
import { readFileSync } from 'node:fs';
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('json-server serves its db.json and writes to it', async () => {
    await using run = await startProgram('json-server', placement);
    expect(await (await fetch(`${run.url}/posts/1`)).json()).toEqual({ id: 1, title: 'a title', views: 100 });
    const created = await fetch(`${run.url}/posts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'a second one', views: 0 }),
    });
    expect(created.status).toBe(201);
    expect(await (await fetch(`${run.url}/posts?_sort=id`)).json()).toMatchObject([
      { title: 'a title' },
      { id: 2, title: 'a second one' },
    ]);
    // It answers first and writes then.
    const read = (): string => readFileSync(run.project.path('programs', 'json-server', 'db.json'), 'utf8');
    while (!read().includes('a second one')) await new Promise((resolve) => setImmediate(resolve));
  });

  test('http-server serves its folder', async () => {
    await using run = await startProgram('http-server', placement);
    expect(await (await fetch(run.url)).text()).toContain('Served by http-server');
    const note = await fetch(`${run.url}/notes/hello.txt`);
    expect(note.headers.get('content-type')).toContain('text/plain');
    expect(await note.text()).toBe('hello from a file\n');
    expect(await (await fetch(`${run.url}/notes/`)).text()).toContain('hello.txt');
    expect((await fetch(`${run.url}/missing`)).status).toBe(404);
  });
});
