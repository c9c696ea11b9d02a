// Entry of a service's thread: the loader of its modules, then the bundle that runs the service, which that loader loads.
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { WorkerBoot } from '../protocol.ts';
import { ModuleLoader } from './module-loader.ts';
import type * as bundle from './thread.ts';

const boot = workerData as WorkerBoot;
const modules = boot.modules === null ? null : new ModuleLoader(boot.modules);
const path = join(__dirname, 'thread.cjs');
const { runThread } = (modules?.loadBundle(path, require) ?? require(path)) as typeof bundle;
// The program is not to find it among its own modules.
for (const own of [path, __filename]) Reflect.deleteProperty(require.cache, own);
runThread(boot, modules, (url) => import(url));
