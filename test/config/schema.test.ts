// The shipped JSON Schema and the check say the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig } from '../../launcher/config/check-config.ts';
import { configFileJsonSchema } from '../../launcher/config/schema.ts';
import { REPOSITORY } from '../support/project.ts';

test('the shipped JSON Schema is the one of the sources, closed to unknown keys', () => {
  const shipped = JSON.parse(readFileSync(join(REPOSITORY, 'dist', 'uber.schema.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(shipped).toEqual(JSON.parse(JSON.stringify(configFileJsonSchema())));
  expect(shipped).toMatchObject({
    additionalProperties: false,
    properties: { services: {}, groups: {}, host: {} },
  });
});

test.each([
  [
    { services: { foo: { ready: 'never' } } },
    'services.foo.ready must be "listening", "started" or an object, got "never".',
  ],
  [{ services: { foo: 7 } }, 'services.foo must be a path or an object, got 7.'],
  [
    { services: { foo: { ready: { http: 'health' } } } },
    'services.foo.ready.http must start with "/", got "health".',
  ],
  [
    { services: { foo: { ready: { status: 'ok' } } } },
    'services.foo.ready.status must be a status or a pair of statuses, got "ok".',
  ],
  [{ services: { foo: { stopGraceMs: 0 } } }, 'services.foo.stopGraceMs must be at least 1, got 0.'],
  [
    { services: { foo: { placement: 'moon' } } },
    'services.foo.placement must be "thread" or "shared" or "process" or "auto", got "moon".',
  ],
  [{ services: { foo: '' } }, 'services.foo must not be empty, got "".'],
  [{ groups: { core: 'foo' } }, 'groups.core must be an array, got "foo".'],
  [
    { namespace: 'Not OK' },
    'namespace is not valid: use 1 to 32 lower-case letters, digits and dashes, got "Not OK".',
  ],
])('%j is refused with a sentence', async (config, sentence) => {
  await expect(checkConfig(config, 'config')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `config: ${sentence}`,
  });
});
