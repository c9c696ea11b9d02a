// Packages with one instance that two services of a shared thread use: both are named, and the package.
import { makeProject } from '../support/project.ts';
import { listenAnywhere, serve, startShared as start } from '../support/shared.ts';

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

const MODELS = "new Schema({ x: String })).discriminator('Kind', new Schema({ y: String }))";

test.each([
  [
    'mongoose',
    'cjs',
    `const { model, Schema } = require('mongoose'); model('Base', ${MODELS}; ${serve('() => 1')}`,
  ],
  [
    'mongoose',
    'mjs',
    `import { createServer } from 'node:http'; import { model, Schema } from 'mongoose'; model('Base', ${MODELS};
     createServer((_, response) => response.end('1')).listen(0);`,
  ],
  [
    'prom-client',
    'cjs',
    `require('prom-client').collectDefaultMetrics(); ${serve("() => require('prom-client').register.metrics()")}`,
  ],
  [
    'prom-client',
    'mjs',
    `import { createServer } from 'node:http'; import { collectDefaultMetrics } from 'prom-client';
     collectDefaultMetrics(); createServer((_, response) => response.end('1')).listen(0);`,
  ],
])('what a service has put into %s goes with it, so it can start again (%s)', async (_name, kind, code) => {
  using project = makeProject({
    files: { [`services/foo.${kind}`]: code, 'services/none.cjs': serve('() => 1') },
  });
  await using run = await start(project, {});
  await run.uber.restart('foo');
  expect(run.uber.snapshot().services).toMatchObject([
    { service: 'foo', state: 'ready', incarnation: 2, faults: {} },
    { service: 'none', state: 'ready', incarnation: 1, faults: {} },
  ]);
});

test('the default connection of mongoose is made anew by the next life of its service', async () => {
  await using database = await listenAnywhere();
  using project = makeProject({
    files: {
      'services/foo.cjs': `const mongoose = require('mongoose'); const before = mongoose.connection.readyState;
        mongoose.connect('mongodb://127.0.0.1:${database.port}/x').catch(() => {});
        ${serve('() => before')}`,
      'services/none.cjs': serve('() => 1'),
    },
  });
  await using run = await start(project, {});
  await database.count(1);
  const gone = database.count(0);
  await run.uber.restart('foo');
  await gone;
  await database.count(1);
  expect(await run.ask('foo')).toBe(0);
  expect(database.total).toBeGreaterThan(1);
});

test('models of two services on the default connection are told, before the second one fails for it', async () => {
  const code = `const { model, Schema } = require('mongoose'); model('User', new Schema({ x: String })); ${serve('() => 1')}`;
  using project = makeProject({
    files: { 'services/bar.cjs': code, 'services/foo.cjs': code.replace('User', 'Order') },
  });
  await using run = await start(project, { config: { services: { foo: { dependsOn: ['bar'] } } } });
  expect(run.uber.snapshot().services.map(({ faults }) => faults)).toEqual(
    expect.arrayContaining([{}, { SHARED_SINGLETON: 1 }]),
  );
});

test('config is told when services import it', async () => {
  const code = `import 'config'; import { createServer } from 'node:http';
    createServer((_, response) => response.end('1')).listen(0);`;
  using project = makeProject({
    files: {
      'services/bar.mjs': code,
      'services/foo.mjs': code,
      'services/config/default.json': '{}',
    },
  });
  await using run = await start(project, { config: { services: { foo: { dependsOn: ['bar'] } } } });
  expect(run.uber.snapshot().services.map(({ faults }) => faults)).toEqual(
    expect.arrayContaining([{}, { SHARED_SINGLETON: 1 }]),
  );
});
