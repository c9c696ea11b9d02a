// Entry of a service's thread: the loader of its modules, then the bundle that runs the service, which that loader loads.
import { join } from 'node:path';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { EarlyBoot, LateBoot, WorkerBoot } from '../protocol.ts';
import { ModuleLoader } from './module-loader.ts';
import type * as bundle from './thread.ts';

const boot = 'wake' in workerData ? waitForBoot(workerData as EarlyBoot) : (workerData as WorkerBoot);
const modules = boot.modules === null ? null : new ModuleLoader(boot.modules);
const path = join(__dirname, 'thread.cjs');
const { runThread } = (modules?.loadBundle(path, require) ?? require(path)) as typeof bundle;
// The program is not to find it among its own modules.
for (const own of [path, __filename]) Reflect.deleteProperty(require.cache, own);
runThread(boot, modules, (url) => import(url));

/** Sleeps until it is known what this thread is there for; its event loop has not begun to turn. */
function waitForBoot({ port, wake }: EarlyBoot): WorkerBoot {
  Atomics.wait(new Int32Array(wake), 0, 0);
  const { message } = receiveMessageOnPort(port) ?? {};
  const { boot: told, env } = message as LateBoot;
  port.close();
  Object.assign(process.env, env);
  return told;
}
