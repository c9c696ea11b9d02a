// Preload of a thread that a service makes itself. Bundled like the entry of the service's own thread.
import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { workerData } from 'node:worker_threads';
import type { NestedBoot } from '../protocol.ts';
import { limitService } from './limits.ts';
import { interceptListen } from './listen.ts';
import { adoptNestedWorkers, QUIET } from './nested-workers.ts';
import { openScope } from './scope.ts';
import { joinServiceThread } from './service-thread.ts';
import { ThreadLink } from './thread-link.ts';
import { knownBuild, loadTypeScriptFrom } from './typescript-hooks.ts';

const { uber: boot } = workerData as { uber: NestedBoot };
const link = new ThreadLink(boot);
const scope = openScope(boot.start, link, true);
Object.assign(workerThreads, { workerData: boot.data });
// Ours, and not to be passed on by a program that starts others like itself.
process.execArgv = process.execArgv.slice(2).filter((arg) => !QUIET.includes(arg));
const guard = limitService(boot.start, link.ring === null ? 'process' : 'thread');
if (link.ring !== null) joinServiceThread(link.ring, boot.streams);
interceptListen();
adoptNestedWorkers({
  hasRings: link.ring !== null,
  introduce: (wires) => link.introduce(wires),
  build: () => knownBuild(boot.start.build),
});
guard?.close();
syncBuiltinESMExports();
if (boot.start.build !== null) loadTypeScriptFrom(boot.start.build, link.compile);
void scope;
