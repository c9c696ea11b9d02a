// Entry of a service in a process of its own. Bundled like the entry of a thread.
import { prepareNodeCache } from '../node-cache.ts';
import { killGroup } from '../platform.ts';
import { bootService } from './boot.ts';
import { followCluster } from './children.ts';
import { openStandardStreamsByName } from './descriptors.ts';
import { limitService } from './limits.ts';
import { adoptNestedWorkers } from './nested-workers.ts';
import { ProcessLink } from './process-link.ts';
import { openScope } from './scope.ts';
import { signOfLife, stopService } from './stop.ts';
import { knownBuild } from './typescript-hooks.ts';

/** How long an orphan may take to stop, in milliseconds: its launcher is gone and nobody else would end it. */
const ORPHAN_MS = 5000;

// The limit of the heap is ours, and not to be passed on by a program that starts others like itself.
process.execArgv = [];
const link = new ProcessLink();
const scope = openScope(link.start, link);
const guard = limitService(link.start, 'process');
link.onStop = () => void stopService(scope);
link.onPing = (wantsOpen) => signOfLife(scope, wantsOpen);
link.onOrphaned = () => {
  // With all that the service has started: nobody is left to end that.
  const endGroup = (): void => killGroup(process.pid);
  process.once('exit', endGroup);
  setTimeout(endGroup, ORPHAN_MS).unref();
  void stopService(scope);
};
adoptNestedWorkers({
  hasRings: false,
  introduce: (wires) => link.serve(wires),
  build: () => knownBuild(link.start.build),
});
waitForFullPipes();
openStandardStreamsByName();
followCluster(link.start.permissions);
guard?.close();
// A process has other flags than main, and so a folder of its own.
if (link.start.compileCache !== null) prepareNodeCache(link.start.compileCache);
void bootService(scope, (url) => import(url));

/** A full pipe makes the service wait, as in a thread, and nothing that is written before the end is lost. */
function waitForFullPipes(): void {
  for (const name of ['stdout', 'stderr']) {
    const { get, ...rest } = Object.getOwnPropertyDescriptor(process, name) ?? {};
    if (get === undefined) continue;
    let isBlocking = false;
    // Made when first asked for, as Node does it.
    Object.defineProperty(process, name, {
      ...rest,
      get() {
        const stream = Reflect.apply(get, process, []) as {
          _handle?: { setBlocking?(value: boolean): void };
        };
        if (!isBlocking) stream._handle?.setBlocking?.(true);
        isBlocking = true;
        return stream;
      },
    });
  }
}
