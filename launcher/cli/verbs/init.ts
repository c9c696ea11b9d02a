// `uber init`: looks at a repository and writes a configuration that runs it.
import { existsSync } from 'node:fs';
import type { Proposal } from '../../adoption/propose.ts';
import { readCatalog } from '../../catalog/catalog.ts';
import { selectServices } from '../../catalog/select.ts';
import { resolveConfig } from '../../config/resolve-config.ts';
import { UberError } from '../../errors.ts';
import type { UberConfigFile } from '../../options.ts';
import type { GlobalArgs } from '../command.ts';
import type { Outcome } from '../outcome.ts';
import { printInit } from '../output/init-text.ts';
import { createOutput } from '../output/output.ts';

/** What the options of `uber init` parse to. */
export interface InitArgs extends GlobalArgs {
  readonly _: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** See the command. */
export async function run(args: InitArgs): Promise<Outcome> {
  if (args._.length > 1)
    throw new UberError('USAGE', `uber init takes no names, got "${args._[1]}".`, {
      hint: 'It looks at the working directory: change to the root of the repository.',
    });
  const output = createOutput(args);
  // Loaded here and not above: what reads YAML and parses sources is for this verb alone.
  const { propose } = await import('../../adoption/propose.ts');
  const writer = await import('../../adoption/write-config.ts');
  const target = writer.chooseTarget(process.cwd(), {
    config: args.config,
    force: args.force || args.dryRun,
  });
  const proposal = await propose(target.root);
  if (proposal.services.length === 0) throw nothingFound(proposal);
  const alsoFound = await findMore(proposal, writer.toConfigFile(proposal, []));
  const file = writer.toConfigFile(proposal, alsoFound);
  const isNeeded = Object.keys(file.services ?? {}).length > 0;
  const path = target.path ?? writer.defaultPath(proposal);
  const text = writer.proposalText(proposal, file, path);
  const isWritten = isNeeded && !args.dryRun;
  const hasOld = existsSync(path);
  await check({ cwd: target.root, config: file });
  if (isWritten) {
    writer.writeConfig(path, text);
    await check({ config: path });
  }
  printInit({ proposal, alsoFound, path, text: isNeeded ? text : null, isWritten, hasOld }, output);
  await output.end();
  return { exitCode: 0 };
}

/** Through the same code as every other verb: what was written is known to be right. */
async function check(options: { cwd?: string; config: UberConfigFile | string }): Promise<string[]> {
  const catalog = readCatalog(await resolveConfig(options));
  selectServices(catalog, []);
  return [...catalog.specs.keys()];
}

/** Libraries in `services/` that the launcher would take for services. */
async function findMore({ repository, services }: Proposal, file: UberConfigFile): Promise<string[]> {
  const names = await check({ cwd: repository.root, config: file });
  return names.filter((name) => !services.some((service) => service.name === name));
}

function nothingFound({ repository, leftOut }: Proposal): UberError {
  const reasons = leftOut.map(({ name, reason }) => `${name} (${reason})`);
  const seen = reasons.length === 0 ? '' : ` Left out: ${reasons.join('; ')}.`;
  return new UberError('NO_SERVICES', `No service was found in ${repository.root}.${seen}`, {
    hint: 'A service has a script "start", "dev" or "serve" in its package.json, or a line in a Procfile or compose file.',
  });
}
