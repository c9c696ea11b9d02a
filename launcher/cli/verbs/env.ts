// `uber env foo`: every variable of a service with its origin.
import { readCatalog } from '../../catalog/catalog.ts';
import { selectServices } from '../../catalog/select.ts';
import { injectedKeys, resolveEnv } from '../../config/env-layers.ts';
import { resolveConfig } from '../../config/resolve-config.ts';
import { UberError } from '../../errors.ts';
import { masked } from '../../secrets.ts';
import type { EnvValue } from '../../types.ts';
import type { Outcome } from '../outcome.ts';
import { createOutput } from '../output/output.ts';
import { table } from '../output/text.ts';
import { type SelectionArgs, toUberOptions } from '../selection-options.ts';

/** Shown for what only a start decides. */
const AT_START = '(set at start)';

/** See the command. */
export async function run(args: SelectionArgs): Promise<Outcome> {
  const [name, second] = args.services;
  if (name === undefined || second !== undefined)
    throw new UberError('USAGE', 'uber env takes one service.', { hint: 'For example: uber env foo' });
  const output = createOutput(args);
  const config = await resolveConfig(toUberOptions(args));
  const specs = selectServices(readCatalog(config), [name], config.withDependencies);
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec === undefined)
    throw new UberError('USAGE', `uber env takes the name of one service, got "${name}".`);
  const injected = injectedKeys(spec, specs);
  const values: Record<string, EnvValue> = {
    ...resolveEnv(spec, config, null),
    ...Object.fromEntries(injected.map((key) => [key, { value: AT_START, origin: 'injected' }])),
  };
  const shown = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { value, origin }]) => ({
      key,
      value: origin === 'injected' ? value : masked(key, value),
      origin,
    }));
  output.event({ event: 'env', service: name, env: shown });
  const rows = shown.map(({ key, value, origin }) => [key, origin, value.replaceAll('\n', '\\n')]);
  output.line(table([['VARIABLE', 'ORIGIN', 'VALUE'], ...rows], output.paint));
  await output.end();
  return { exitCode: 0 };
}
