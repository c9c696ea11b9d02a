import { levelOf, parseFields } from '../../launcher/logs/log-level.ts';

test.each([
  ['hello', 'stdout', 'info'],
  ['hello', 'stderr', 'warn'],
  ['ERROR: no disk', 'stdout', 'error'],
  ['[warn] slow', 'stdout', 'warn'],
  ['2026-01-02T03:04:05.678Z INFO up', 'stderr', 'info'],
  ['[12:00:01] DEBUG x', 'stdout', 'debug'],
  ['could not open: error 5', 'stdout', 'info'],
  ['TypeError: x is not a function', 'stderr', 'error'],
  ['Uncaught Exception', 'stderr', 'error'],
  ['{"level":30,"msg":"x"}', 'stderr', 'info'],
  ['{"level":50,"msg":"x"}', 'stdout', 'error'],
  ['{"level":35,"msg":"x"}', 'stdout', 'info'],
  ['{"level":5}', 'stdout', 'trace'],
  ['{"level":"WARN","message":"x"}', 'stdout', 'warn'],
  ['{"severity":"CRITICAL"}', 'stdout', 'fatal'],
  ['{"msg":"no level"}', 'stdout', 'info'],
  ['{"level":"unheard of"}', 'stderr', 'warn'],
  ['{not json}', 'stdout', 'info'],
] as const)('the level of %s on %s is %s', (text, stream, level) => {
  expect(levelOf(text, parseFields(text), stream)).toBe(level);
});
