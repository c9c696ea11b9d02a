// When a service that has ended is started again: a table, with a clock and a die of our own.
import { decideRestart, type RestartDecision } from '../../launcher/supervisor/restart-policy.ts';
import type { RestartConfig } from '../../launcher/types.ts';

const ON_FAILURE: RestartConfig = {
  policy: 'on-failure',
  minDelayMs: 100,
  maxDelayMs: 1000,
  attempts: 5,
  windowMs: 60_000,
};

function decide(
  config: Partial<RestartConfig>,
  { endsMs = [0], nowMs = 0, random = 0.999_999, isFailure = true } = {},
): RestartDecision {
  return decideRestart({ ...ON_FAILURE, ...config }, { endsMs, nowMs, random, isFailure });
}

test.each([
  ['never', true, 'leave'],
  ['never', false, 'leave'],
  ['on-failure', true, 'restart'],
  ['on-failure', false, 'leave'],
  ['always', true, 'restart'],
  ['always', false, 'restart'],
] as const)('policy %s after a failure (%s): %s', (policy, isFailure, kind) => {
  expect(decide({ policy }, { isFailure }).kind).toBe(kind);
});

test('the pause doubles with each end and never grows beyond the longest', () => {
  const delays = [1, 2, 3, 4, 5].map((count) => decide({}, { endsMs: Array(count).fill(0) }));
  expect(delays.map((decision) => 'delayMs' in decision && decision.delayMs)).toEqual([
    100, 200, 400, 800, 1000,
  ]);
});

test('chance takes off at most half of the pause', () => {
  expect(decide({}, { random: 0 })).toMatchObject({ delayMs: 50 });
  expect(decide({}, { random: 0.5 })).toMatchObject({ delayMs: 75 });
});

test('one end more than allowed within the window gives up; older ones are forgotten', () => {
  const endsMs = [0, 10_000, 20_000, 30_000, 40_000, 50_000];
  expect(decide({}, { endsMs, nowMs: 50_000 })).toEqual({ kind: 'give-up', ends: 6 });
  expect(decide({}, { endsMs: [...endsMs.slice(0, 5), 61_000], nowMs: 61_000 })).toMatchObject({
    kind: 'restart',
    attempt: 5,
  });
  expect(decide({}, { endsMs: [0, 100_000], nowMs: 100_000 })).toMatchObject({ attempt: 1, delayMs: 100 });
});
