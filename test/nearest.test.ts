import { didYouMean, nearest } from '../launcher/nearest.ts';

test.each([
  ['fo', ['foo', 'bar'], 'foo'],
  ['acounts', ['accounts', 'orders'], 'accounts'],
  ['FOO', ['foo'], 'foo'],
  ['payments', ['foo', 'bar'], null],
  ['x', [], null],
])('the nearest to %s of %j is %s', (typed, known, expected) => {
  expect(nearest(typed, known)).toBe(expected);
});

test('a near name is offered as a question', () => {
  expect(didYouMean('baz', ['foo', 'bar'])).toBe('Did you mean "bar"?');
  expect(didYouMean('unrelated', ['foo', 'bar'])).toBeNull();
});
