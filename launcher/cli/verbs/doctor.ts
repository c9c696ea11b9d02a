// `uber doctor`: what of the services will not work, before they are started.
import { readCatalog } from '../../catalog/catalog.ts';
import { selectServices } from '../../catalog/select.ts';
import { resolveConfig } from '../../config/resolve-config.ts';
import type { GlobalArgs } from '../command.ts';
import type { Outcome } from '../outcome.ts';
import { printFindings } from '../output/findings-text.ts';
import { createOutput } from '../output/output.ts';

/** What the options of `uber doctor` parse to. */
export interface DoctorArgs extends GlobalArgs {
  readonly services: readonly string[];
}

/** See the command. */
export async function run(args: DoctorArgs): Promise<Outcome> {
  const output = createOutput(args);
  const config = await resolveConfig({ services: args.services, config: args.config, deps: false });
  const catalog = readCatalog(config);
  const selected = selectServices(catalog, config.selection, config.withDependencies);
  // Loaded here and not above: what parses sources is for this verb alone.
  const { examine } = await import('../../doctor/examine.ts');
  const findings = await examine({ config, selected, known: [...catalog.specs.values()] });
  printFindings(findings, selected.length, output);
  await output.end();
  return { exitCode: findings.some(({ severity }) => severity === 'error') ? 1 : 0 };
}
