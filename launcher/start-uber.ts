// The library: a run as a handle.
import { resolveConfig } from './config/resolve-config.ts';
import { UberError } from './errors.ts';
import type { UberOptions } from './options.ts';
import type { RunSnapshot } from './snapshot.ts';
import type { RunEvents } from './supervisor/events.ts';
import type { EnvValue, ReadyRow } from './types.ts';
import { createUber, type Uber } from './uber.ts';

/** A run of services that are ready. */
export interface UberHandle {
  readonly runId: string;
  /** Name -> base URL without a trailing slash, of every service that listens. */
  readonly urls: Readonly<Record<string, string>>;
  /**
   * Base URL of a service, or of one of the ports it has opened beside its main one.
   * @param port its name (`metrics`), or the port the program asked for (`'9090'`)
   * @throws UberError for a service that is not in the run, is down (with what went wrong in it) or does not listen there
   */
  url(service: string, port?: string): string;
  /** The environment of a service, each value with its origin. */
  env(service: string): Record<string, EnvValue>;
  /** What is running now: plain data. */
  snapshot(): RunSnapshot;
  /** Ends the service and starts it again on the same port; resolves when it is ready. */
  restart(service: string): Promise<ReadyRow>;
  /** Starts a service that is down; resolves when it is ready. */
  startService(service: string): Promise<ReadyRow>;
  /** Stops one service; the others go on. It keeps its port and its data. */
  stopService(service: string): Promise<void>;
  /** Stops all services and removes their data directories. */
  stop(): Promise<void>;
  /** Calls the listener at every such event from now on; returns the function that takes it off again. */
  on<Name extends keyof RunEvents>(name: Name, listener: (event: RunEvents[Name]) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of {@link startUber}. */
export interface StartUberOptions extends UberOptions {
  /** Called with every line the services write, also while they start. */
  onLog?: ((line: RunEvents['log']) => void) | undefined;
}

/**
 * Starts services and resolves when all of them are ready.
 * @throws UberError the first failure, with the last lines of that service; nothing is left running then
 */
export async function startUber(options: StartUberOptions = {}): Promise<UberHandle> {
  const uber = createUber(await resolveConfig(options));
  if (options.onLog !== undefined) uber.emitter.on('log', options.onLog);
  await uber.start();
  const urls = (): Record<string, string> =>
    Object.fromEntries(
      uber
        .snapshot()
        .services.flatMap(({ service, ready }) => (ready?.url == null ? [] : [[service, ready.url]])),
    );
  return {
    runId: uber.runId,
    get urls() {
      return urls();
    },
    url: (service, port) =>
      port === undefined ? mainUrl(uber, service, urls()) : extraUrl(uber, service, port),
    env: (service) => uber.env(service),
    snapshot: () => uber.snapshot(),
    restart: (service) => uber.restart(service),
    startService: (service) => uber.startService(service),
    stopService: (service) => uber.stopService(service),
    stop: () => uber.stop(),
    on: (name, listener) => uber.emitter.on(name, listener),
    [Symbol.asyncDispose]: () => uber.stop(),
  };
}

function mainUrl(uber: Uber, service: string, urls: Readonly<Record<string, string>>): string {
  const url = Object.hasOwn(urls, service) ? urls[service] : undefined;
  if (url !== undefined) return url;
  const known = uber.snapshot().services.find((instance) => instance.service === service);
  if (known !== undefined && known.ready === null) {
    const why = known.lastFault === null ? '' : ` ${known.lastFault}`;
    throw new UberError('NOT_RUNNING', `"${service}" is ${known.state}.${why}`, { service });
  }
  throw new UberError(
    'UNKNOWN_SERVICE',
    `No service "${service}" is listening in this run. Listening: ${Object.keys(urls).join(', ')}.`,
  );
}

function extraUrl(uber: Uber, service: string, name: string): string {
  const ready = uber.snapshot().services.find((instance) => instance.service === service)?.ready;
  const extras = (ready?.extraPorts ?? []).filter(({ protocol }) => protocol === 'tcp');
  const extra = extras.find((port) => port.name === name || String(port.asked) === name);
  if (extra !== undefined) return extra.url;
  const known = extras.map((port) => port.name ?? port.port).join(', ') || 'none';
  throw new UberError(
    'UNKNOWN_SERVICE',
    `"${service}" has no port "${name}". Its ports beside the main one: ${known}.`,
  );
}
