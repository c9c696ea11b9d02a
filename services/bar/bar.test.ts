// bar together with foo, as they run for real.
import request from 'supertest';
import { startUber, type UberHandle } from 'uberservice';

let uber: UberHandle;

beforeAll(async () => {
  uber = await startUber({ services: ['foo', 'bar'] });
});
afterAll(() => uber.stop());

test('passes on what foo said, and counts', async () => {
  const first = await request(uber.url('bar')).get('/hello').expect(200);
  expect(first.body).toMatchObject({ service: 'bar', visits: 1, foo: { message: 'Hello, bar!' } });
  const second = await request(uber.url('bar')).get('/hello').expect(200);
  expect(second.body.visits).toBe(2);
});
