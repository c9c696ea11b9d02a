// Packages with one instance that two services of a shared thread use: both are named, and the package.
import { makeProject } from '../support/project.ts';
import { serve, startShared as start } from '../support/shared.ts';

test.each([
  [
    'mongoose',
    'the default connection of mongoose',
    "require('mongoose').connect('mongodb://127.0.0.1:1/x', { serverSelectionTimeoutMS: 1 }).catch(() => {});",
  ],
  [
    'prom-client',
    'the default registry of prom-client',
    "const { Counter } = require('prom-client'); new Counter({ name: 'c_' + process.env.UBER_SERVICE, help: 'x' });",
  ],
  ['config', 'the configuration that the package config has read', "require('config');"],
])('%s', async (_name, what, code) => {
  using project = makeProject({
    files: {
      'services/bar.cjs': `${code} ${serve('() => 1')}`,
      'services/foo.cjs': `${code} ${serve('() => 1')}`,
      'services/none.cjs': serve('() => 1'),
      'services/config/default.json': '{}',
    },
  });
  const told: string[] = [];
  await using run = await start(project, { services: ['none'] });
  await run.uber.stop();
  const config = { services: { foo: { dependsOn: ['bar'] }, none: { dependsOn: ['foo'] } } };
  await using both = await start(project, { services: ['none'], config });
  for (const { service, lastFault } of both.uber.snapshot().services)
    if (lastFault !== null) told.push(`${service}: ${lastFault}`);
  expect(told).toEqual([`foo: "foo" and "bar" share a thread, and with it ${what}.`]);
});
