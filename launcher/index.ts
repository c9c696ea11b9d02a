// The library `uberservice`. Services import it too, in every thread: so it holds next to nothing, and the launcher
// itself is loaded when it is first used.
import { UberError } from './errors.ts';
import { whyNodeIsTooOld } from './node-version.ts';
import type { StartUberOptions, UberHandle } from './start-uber.ts';

export { type ErrorCode, UberError } from './errors.ts';
export {
  defineConfig,
  type ReadyOptions,
  type ServiceOptions,
  type UberConfigFile,
  type UberOptions,
} from './options.ts';
export { defineService, type ServiceContext, type ServiceDefinition } from './service.ts';
export type { InstanceSnapshot, RunSnapshot } from './snapshot.ts';
export type { StartUberOptions, UberHandle } from './start-uber.ts';
export type { RunEvents } from './supervisor/events.ts';
export type { EnvValue, ExtraPort, InstanceState, LogLevel, LogLine, ReadyRow } from './types.ts';

/**
 * Starts services and resolves when all of them are ready.
 *
 * @example
 * await using uber = await startUber({ services: ['foo', 'bar'] });
 * await fetch(`${uber.url('foo')}/hello`);
 *
 * @throws UberError the first failure, with the last lines of that service; nothing is left running then
 */
export async function startUber(options: StartUberOptions = {}): Promise<UberHandle> {
  const complaint = whyNodeIsTooOld();
  if (complaint !== null) throw new UberError('USAGE', complaint);
  const launcher = await import('./start-uber.ts');
  return launcher.startUber(options);
}
