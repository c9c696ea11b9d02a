// The `ctx` a service is handed.
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { ServiceContext } from '../service.ts';
import type { ServiceScope } from './scope.ts';

/** Makes the context of a service. Its logger is loaded only when asked for: many services bring their own. */
export function makeContext({ start, abort }: ServiceScope): ServiceContext {
  let log: Logger | null = null;
  const url = (name: string, port?: string): string => {
    const known = ownValue(start.urls, name);
    if (known === undefined)
      throw new Error(`No service "${name}" in this run. Known: ${Object.keys(start.urls).join(', ')}.`);
    if (port === undefined) return known;
    const ports = start.portUrls[name] ?? {};
    const found = ownValue(ports, port);
    if (found !== undefined) return found;
    const others = Object.keys(ports).join(', ') || 'none';
    throw new Error(`"${name}" has no port "${port}". Its ports beside the main one: ${others}.`);
  };
  return {
    name: start.service,
    host: start.host,
    port: start.port,
    url: url(start.service),
    env: process.env,
    get log() {
      log ??= makeLogger(start.entry, start.service);
      return log;
    },
    resources: { dir: start.resourceDir, dataDir: start.dataDir },
    services: { url },
    signal: abort.signal,
    run: { id: start.runId, namespace: start.namespace },
  };
}

/** Not what every object has by the name of `constructor`. */
function ownValue(values: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** The pino of the service when it has one (then it is in memory already), else ours. */
function makeLogger(entry: string, service: string): Logger {
  const pino = load(createRequire(entry)) ?? load(createRequire(__filename));
  if (pino === null) throw new Error('ctx.log needs the package "pino", which could not be found');
  const destination = { write: (line: string) => void process.stdout.write(line) };
  return pino({ level: process.env.LOG_LEVEL ?? 'info' }, destination).child({ service });
}

function load(require: NodeJS.Require): typeof import('pino').pino | null {
  try {
    return (require('pino') as typeof import('pino')).pino;
  } catch {
    return null; // Not installed there; the caller knows another place.
  }
}
