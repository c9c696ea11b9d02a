// Apps of the common frameworks, each listening by itself on a port of its own choice.
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('Fastify answers, checks bodies by their schema and logs', async () => {
    await using run = await startProgram('fastify', placement);
    expect(await (await fetch(run.url)).json()).toEqual({ hello: 'world' });
    expect(await (await postJson(`${run.url}/sum`, { terms: [1, 2, 3] })).json()).toEqual({ sum: 6 });
    expect((await postJson(`${run.url}/sum`, { terms: ['many'] })).status).toBe(400);
    expect((await run.line('request completed')).fields).toMatchObject({ res: { statusCode: 200 } });
  });

  test('Koa runs its middlewares', async () => {
    await using run = await startProgram('koa', placement);
    const response = await fetch(`${run.url}/somewhere`);
    expect(await response.json()).toEqual({ hello: 'Koa', path: '/somewhere' });
    expect(response.headers.get('x-response-time')).toMatch(/^\d+ms$/);
  });

  test('Hono serves through its Node server and is told its real port', async () => {
    await using run = await startProgram('hono', placement);
    expect(await (await fetch(run.url)).text()).toBe('Hello Hono!');
    expect(await (await fetch(`${run.url}/posts/7`)).json()).toEqual({ id: '7' });
    const { text } = await run.line('Server is running');
    expect(text).toBe(`Server is running on http://localhost:${run.row.port}`);
  });

  test('NestJS injects by type and is told of the stop', async () => {
    await using run = await startProgram('nest', placement);
    expect(await (await fetch(`${run.url}/cats`)).json()).toEqual([{ name: 'Tom' }]);
    expect((await postJson(`${run.url}/cats`, { name: 'Kitty' })).status).toBe(201);
    expect(await (await fetch(`${run.url}/cats`)).json()).toEqual([{ name: 'Tom' }, { name: 'Kitty' }]);
    await run.stop();
    expect(run.lines.map(({ text }) => text)).toContain('2 cats leave on SIGTERM');
  });

  test('GraphQL Yoga answers a query and streams a subscription', async () => {
    await using run = await startProgram('graphql-yoga', placement);
    const endpoint = `${run.url}/graphql`;
    const query = 'query Greet($name: String!) { hello(name: $name) }';
    const answer = await postJson(endpoint, { query, variables: { name: 'uber' } });
    expect(await answer.json()).toEqual({ data: { hello: 'Hello uber' } });
    const wrong = await postJson(endpoint, { query: '{ nothing }' });
    expect(await wrong.json()).toMatchObject({ errors: [{ message: expect.stringContaining('nothing') }] });

    const subscription = new URLSearchParams({ query: 'subscription { countdown(from: 2) }' });
    const stream = await fetch(`${endpoint}?${subscription}`, { headers: { accept: 'text/event-stream' } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const events = [...(await stream.text()).matchAll(/^data: (\{.*\})$/gm)].map(([, data = '']) => data);
    expect(events.map((data) => JSON.parse(data) as unknown)).toEqual([
      { data: { countdown: 2 } },
      { data: { countdown: 1 } },
      { data: { countdown: 0 } },
    ]);
  });
});
