// What the doctor says depends on where a service lives.
import { readCatalog } from '../../launcher/catalog/catalog.ts';
import { resolveConfig } from '../../launcher/config/resolve-config.ts';
import { examine } from '../../launcher/doctor/examine.ts';
import { isNodeTooOld } from '../../launcher/doctor/versions.ts';
import { makeProject } from '../support/project.ts';

test('in a process of its own the limits of a thread are notes', async () => {
  using project = makeProject({
    files: {
      'services/a.mjs':
        "import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('x.db');\nprocess.chdir('/');",
    },
    packages: false,
  });
  const config = await resolveConfig({ cwd: project.root });
  const known = [...readCatalog(config).specs.values()];
  const apart = known.map((spec) => ({ ...spec, placement: 'process' as const }));
  const findings = await examine({ config, selected: apart, known: apart });
  expect(findings).toMatchObject([
    { id: 'sqlite-path', severity: 'info' },
    { id: 'chdir', severity: 'info', hint: 'Nothing to do: it has a process of its own.' },
  ]);
});

test.each([
  ['>=22', 'v22.0.0', false],
  ['>= 22.18', 'v22.17.9', true],
  ['>=22.18.1', 'v22.18.0', true],
  ['>=22.18.1', 'v22.18.1', false],
  ['>=v20.x', 'v24.0.0', false],
  ['>=24', 'v22.99.0', true],
  // Not read: no claim.
  ['^24', 'v22.0.0', false],
  ['>=18 <20', 'v24.0.0', false],
])('%s with %s: too old is %s', (range, version, expected) => {
  expect(isNodeTooOld(range, version)).toBe(expected);
});
