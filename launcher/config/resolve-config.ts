// Options and configuration file -> one frozen UberConfig.
import { isAbsolute, resolve } from 'node:path';
import { UberError } from '../errors.ts';
import { PLACEMENT_NAMES, RESTART_POLICIES } from '../names.ts';
import type { EnvOverride, UberConfig, UberConfigFile, UberOptions } from '../options.ts';
import type { PlacementChoice, RestartPolicyName } from '../types.ts';
import { checkConfig } from './check-config.ts';
import { findProject } from './find-project.ts';
import { loadConfigFile } from './load-config-file.ts';

/**
 * Finds, reads and checks the configuration and fills in every default.
 * @throws UberError for a missing project, a bad configuration or a bad `env` option
 */
export async function resolveConfig(options: UberOptions = {}): Promise<UberConfig> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const { root, configPath, file } = await loadProject(cwd, options.config);
  const namespaced = options.namespace === undefined ? {} : { namespace: options.namespace };
  if (options.namespace !== undefined) await checkConfig(namespaced, '--namespace');
  return Object.freeze({
    root,
    configPath,
    file,
    selection: options.services ?? [],
    withDependencies: options.deps ?? true,
    envOverrides: (options.env ?? []).map(parseOverride),
    envFiles: (options.envFiles ?? []).map((path) => resolve(cwd, path)),
    host: options.host ?? file.host ?? '127.0.0.1',
    namespace: options.namespace ?? file.namespace ?? 'default',
    isolation: checkIsolation(options.isolation),
    restart: checkRestart(options.restart),
    keep: options.keep ?? false,
  });
}

function checkIsolation(value: UberOptions['isolation']): PlacementChoice | null {
  if (value === undefined || PLACEMENT_NAMES.includes(value)) return value ?? null;
  throw new UberError(
    'USAGE',
    `isolation must be one of ${PLACEMENT_NAMES.join(', ')}, got "${String(value)}".`,
  );
}

function checkRestart(value: UberOptions['restart']): RestartPolicyName {
  if (value === undefined || RESTART_POLICIES.includes(value)) return value ?? 'never';
  throw new UberError('USAGE', `restart must be ${RESTART_POLICIES.join(' or ')}, got "${String(value)}".`);
}

interface Project {
  root: string;
  configPath: string | null;
  file: UberConfigFile;
}

async function loadProject(cwd: string, config: UberOptions['config']): Promise<Project> {
  if (typeof config === 'object') {
    return { root: cwd, configPath: null, file: await checkConfig(config, 'config') };
  }
  if (typeof config === 'string') {
    const configPath = isAbsolute(config) ? config : resolve(cwd, config);
    return { root: resolve(configPath, '..'), configPath, file: await loadConfigFile(configPath) };
  }
  const { root, configPath } = findProject(cwd);
  return { root, configPath, file: configPath === null ? {} : await loadConfigFile(configPath) };
}

function parseOverride(text: string): EnvOverride {
  const match = /^(?:(?<service>[^=]+)\.)?(?<key>[A-Za-z_][A-Za-z0-9_]*)=(?<value>.*)$/s.exec(text);
  const { service, key, value } = match?.groups ?? {};
  if (key === undefined || value === undefined) {
    // The text may hold a secret: only what stands before the "=" is repeated, or what looks like the name of a variable.
    const isSafe = text.includes('=') || /^[A-Za-z_][\w.]{0,19}$/.test(text);
    throw new UberError(
      'USAGE',
      `--env "${isSafe ? text.split('=')[0] : '...'}" is not of the form KEY=value or service.KEY=value.`,
    );
  }
  return { service: service ?? null, key, value };
}
