// Which addresses stand in a text.
import { addressesIn, isLocalHost } from '../launcher/addresses.ts';

test.each([
  ['http://orders:3000/api?x=1', [['http', 'orders', 3000, 'http://orders:3000']]],
  [
    'see http://localhost:3001, or https://127.0.0.1',
    [
      ['http', 'localhost', 3001, 'http://localhost:3001'],
      ['https', '127.0.0.1', null, 'https://127.0.0.1'],
    ],
  ],
  ['postgres://me:secret@db:5432/x', [['postgres', 'db', 5432, 'postgres://me:secret@db:5432']]],
  ['localhost:3001', [[null, 'localhost', 3001, 'localhost:3001']]],
  [
    'kafka-1:9092, kafka-2:9092',
    [
      [null, 'kafka-1', 9092, 'kafka-1:9092'],
      [null, 'kafka-2', 9092, 'kafka-2:9092'],
    ],
  ],
  ['http://[::1]:80', [['http', '[::1]', 80, 'http://[::1]:80']]],
  ['at 10:30 we meet', []],
  ['orders', []],
  ['http://', []],
])('%s', (text, expected) => {
  const found = addressesIn(text).map(({ scheme, host, port, text: itself }) => [scheme, host, port, itself]);
  expect(found).toEqual(expected);
  for (const { text: itself, index } of addressesIn(text))
    expect(text.slice(index)).toMatch(itself.slice(0, 4));
});

test('this machine has several names', () => {
  expect(['localhost', '127.0.0.1', '[::1]'].map(isLocalHost)).toEqual([true, true, true]);
  expect(isLocalHost('orders')).toBe(false);
});
