import { masked } from '../launcher/secrets.ts';

test.each([
  ['API_KEY', 'abc', '********'],
  ['githubToken', 'abc', '********'],
  ['DB_PASSWORD', '', ''],
  ['GREETING', 'hello', 'hello'],
  ['DATABASE_URL', 'postgres://me:pa55@db:5432/x', 'postgres://me:********@db:5432/x'],
  ['REDIS_URL', 'redis://:pa55@db', 'redis://:********@db'],
  ['FOO_URL', 'http://127.0.0.1:4001', 'http://127.0.0.1:4001'],
])('%s=%s is shown as %s', (key, value, shown) => {
  expect(masked(key, value)).toBe(shown);
});
