// A proposal -> a configuration file that the launcher itself has read and found to be right.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { UberError } from '../errors.ts';
import type { ServiceOptions, UberConfigFile } from '../options.ts';
import { findInstalled } from '../package-file.ts';
import { isFile } from '../repository/files.ts';
import { configText } from './config-text.ts';
import type { Proposal } from './propose.ts';

/** Where a configuration is to be written. Paths are absolute. */
export interface Target {
  readonly root: string;
  readonly path: string;
}

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'json'];

/**
 * Where to write.
 * @param config the path of `--config`, or undefined for the usual place
 * @throws UberError `USAGE` when there is a configuration and `force` is not set
 */
export function chooseTarget(
  cwd: string,
  { config, force }: { config: string | undefined; force: boolean },
): Target | { readonly root: string; readonly path: null } {
  if (config !== undefined && !EXTENSIONS.includes(extname(config).slice(1)))
    throw new UberError('USAGE', `--config ${config} is no name for a configuration.`, {
      hint: `It ends with one of: ${EXTENSIONS.map((it) => `.${it}`).join(', ')}.`,
    });
  const root = config === undefined ? cwd : dirname(resolve(cwd, config));
  const usual = EXTENSIONS.map((extension) => join(root, `uber.config.${extension}`));
  const existing = config === undefined ? usual.find(isFile) : resolve(cwd, config);
  if (existing !== undefined && existsSync(existing) && !force)
    throw new UberError('USAGE', `There is a configuration already: ${existing}`, {
      hint: 'uber init --force writes it anew, uber init --dry-run only shows what it would be.',
    });
  return { root, path: existing ?? null };
}

/** What the services of a proposal need to be written, and who the launcher would find beside them. */
export function toConfigFile({ services }: Proposal, alsoFound: readonly string[]): UberConfigFile {
  const own = services.flatMap(({ name, options }): [string, string | ServiceOptions][] =>
    options === null ? [] : [[name, options]],
  );
  const quiet = alsoFound.map((name): [string, ServiceOptions] => [name, { ready: 'started' }]);
  return { services: Object.fromEntries([...own, ...quiet]) };
}

/** The usual path for a repository: TypeScript where it is at home, else JSON. */
export function defaultPath({ repository, services }: Proposal): string {
  const { root, rootPackage } = repository;
  const names = [...(rootPackage?.dependencies ?? []), ...(rootPackage?.devDependencies ?? [])];
  const isTypeScript =
    names.some((name) => name === 'typescript' || name === 'uberservice') ||
    isFile(join(root, 'tsconfig.json')) ||
    services.some(({ entry }) => /\.[cm]?tsx?$/.test(entry));
  // An explicit "commonjs" makes Node refuse `export default` in a .ts file.
  const extension = isTypeScript ? (rootPackage?.type === 'commonjs' ? 'mts' : 'ts') : 'json';
  return join(root, `uber.config.${extension}`);
}

/** The text to write at a path. */
export function proposalText({ repository, services }: Proposal, file: UberConfigFile, path: string): string {
  const comments = new Map(services.map(({ name, from }) => [name, `From ${from.join(', ')}`]));
  const hasPackage = findInstalled('uberservice', repository.root) !== null;
  return configText(file, { format: extname(path) === '.json' ? 'json' : 'module', hasPackage, comments });
}

/** Writes the file. */
export function writeConfig(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new UberError('CONFIG_UNREADABLE', `Cannot write ${basename(path)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
