// Runs the service of a thread. Bundled into one CommonJS file: whatever it loads is paid once a service.
import type { WorkerBoot } from '../protocol.ts';
import { bootService, type ImportModule } from './boot.ts';
import { limitService } from './limits.ts';
import type { ModuleLoader } from './module-loader.ts';
import { adoptNestedWorkers } from './nested-workers.ts';
import { presentAsMainThread } from './process-api.ts';
import { openScope } from './scope.ts';
import { joinServiceThread } from './service-thread.ts';
import { signOfLife, stopService } from './stop.ts';
import { ThreadLink } from './thread-link.ts';
import { knownBuild } from './typescript-hooks.ts';

/**
 * Runs it, as the main program of this thread.
 * @param importModule `import()` of a file that Node itself has loaded
 */
export function runThread(boot: WorkerBoot, modules: ModuleLoader | null, importModule: ImportModule): void {
  const link = new ThreadLink(boot);
  const scope = openScope(boot.start, link);
  link.modules = modules;
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
  void bootService(scope, importModule, modules);
}
