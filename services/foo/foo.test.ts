// foo, tested over HTTP in a run of its own.
import request from 'supertest';
import { startUber, type UberHandle } from 'uberservice';

let uber: UberHandle;

beforeAll(async () => {
  uber = await startUber({ services: ['foo'] });
});
afterAll(() => uber.stop());

test('greets whom it is told to', async () => {
  const answer = await request(uber.url('foo')).get('/hello?name=you').expect(200);
  expect(answer.body).toEqual({ service: 'foo', run: uber.runId, message: 'Hello, you!' });
});

test('greets the first of its resources otherwise', async () => {
  const answer = await request(uber.url('foo')).get('/hello').expect(200);
  expect(answer.body.message).toBe('Hello, world!');
});
