// What a port beside the main one is called.
import { portName } from '../../launcher/ports/port-name.ts';

test.each([
  [9090, { metrics: 9090 }, {}, 'metrics'],
  [9090, { metrics: 9090 }, { ADMIN_PORT: '9090' }, 'metrics'],
  [9090, {}, { METRICS_PORT: '9090' }, 'metrics'],
  [9090, {}, { INTERNAL_METRICS_PORT: '9090' }, 'internal-metrics'],
  [9090, {}, { METRICS_PORT: '9091', _PORT: '9090', PORT: '9090' }, '9090'],
  [9090, {}, {}, '9090'],
  [0, { metrics: 9090 }, { METRICS_PORT: '0' }, null],
])('%d with %j and %j is called %j', (asked, configured, env, name) => {
  expect(
    portName(asked, configured as Record<string, number>, env as unknown as Record<string, string>),
  ).toBe(name);
});
