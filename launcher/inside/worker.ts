// Entry of a service's thread. Bundled into one small CommonJS file: whatever it loads is paid once a service.
import { workerData } from 'node:worker_threads';
import type { WorkerBoot } from '../protocol.ts';
import { bootService } from './boot.ts';
import { limitService } from './limits.ts';
import { adoptNestedWorkers } from './nested-workers.ts';
import { presentAsMainThread } from './process-api.ts';
import { openScope } from './scope.ts';
import { joinServiceThread } from './service-thread.ts';
import { signOfLife, stopService } from './stop.ts';
import { ThreadLink } from './thread-link.ts';
import { knownBuild } from './typescript-hooks.ts';

const boot = workerData as WorkerBoot;
const link = new ThreadLink(boot);
const scope = openScope(boot.start, link);
link.onStop = () => void stopService(scope);
link.onPing = (wantsOpen) => signOfLife(scope, wantsOpen);
const guard = limitService(boot.start, 'thread');
if (link.ring !== null) joinServiceThread(link.ring);
adoptNestedWorkers({
  hasRings: true,
  introduce: (wires) => link.introduce(wires),
  build: () => knownBuild(boot.start.build),
});
presentAsMainThread();
guard?.close();
void bootService(scope);
