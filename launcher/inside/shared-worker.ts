// Entry of a thread of several services. Bundled like the entry of a thread of one, which does not pay for it.
import Module, { enableCompileCache, syncBuiltinESMExports } from 'node:module';
import { type MessagePort, workerData } from 'node:worker_threads';
import type { BuildManifest, FromGroup, GroupBoot, ToGroup } from '../protocol.ts';
import { runService } from './boot.ts';
import { noteDatagrams } from './datagrams.ts';
import { interceptListen } from './listen.ts';
import { adoptNestedWorkers } from './nested-workers.ts';
import { presentAsMainThread } from './process-api.ts';
import { joinServiceThread } from './service-thread.ts';
import { prepareCrashes } from './shared/crashes.ts';
import { endScope, prepareEnds, QuietWatch } from './shared/end.ts';
import { keepHandles } from './shared/handles.ts';
import { divideModules, dropModulesOf, hasAddons, learn } from './shared/modules.ts';
import { divideProcess, runAsMain } from './shared/process-object.ts';
import { openScopes, openSharedScope, prepareScopes, runIn, scopeHere, theThread } from './shared/scopes.ts';
import { keepTimers, nextTurn } from './shared/timers.ts';
import { signOfLife, stopService } from './stop.ts';
import { ThreadLink } from './thread-link.ts';

const { control } = workerData as GroupBoot;
const links = new Map<number, ThreadLink>();
const quiet = new QuietWatch();
/** Services that are to begin. */
const waiting: (ToGroup & { type: 'begin' })[] = [];

prepare(control);
// It stays until main ends it: services come and go.
control.on('message', (message: ToGroup) => {
  if (message.type === 'end') endById(message.id);
  else if (waiting.push(message) === 1) nextTurn(beginNext);
});

function prepare(port: MessagePort): void {
  Reflect.deleteProperty((Module as unknown as { _cache: object })._cache, __filename);
  prepareScopes();
  prepareCrashes(port);
  prepareEnds(
    (scope, exitCode) => {
      links.delete(scope.id);
      // Handlers that packages have registered for all.
      if (openScopes().length === 0) theThread().events.emit('exit', exitCode);
      port.postMessage({ type: 'ended', id: scope.id, exitCode } satisfies FromGroup);
    },
    { drop: dropModulesOf, hasAddons },
  );
  joinServiceThread({ write: (stream, bytes) => scopeHere().output.write(stream, bytes) });
  adoptNestedWorkers({
    hasRings: true,
    introduce: (wires) => links.get(scopeHere().id)?.introduce(wires),
    build: buildHere,
  });
  presentAsMainThread();
  interceptListen();
  noteDatagrams();
  keepHandles();
  keepTimers();
  divideProcess();
  divideModules();
  syncBuiltinESMExports();
}

/** What has been compiled for the service that asks. */
function buildHere(): BuildManifest | null {
  const { start, compiled } = scopeHere();
  const { files, edges } = compiled;
  if (start.build === null || files.size === 0) return start.build;
  return { ...start.build, files: Object.fromEntries(files), edges: Object.fromEntries(edges) };
}

let isCompileCacheOn = false;

/** One a turn: the first is ready while the others load. */
function beginNext(): void {
  const next = waiting.shift();
  if (waiting.length > 0) nextTurn(beginNext);
  if (next !== undefined) begin(next);
}

function begin({ id, start, env, wires }: ToGroup & { type: 'begin' }): void {
  const link = new ThreadLink(wires);
  const { ring } = link;
  if (ring === null) return;
  const scope = openSharedScope({ id, start, link, output: ring, env });
  links.set(id, link);
  link.post({ type: 'begun' });
  link.onStop = () => runIn(scope, () => void stopService(scope));
  link.onPing = (wantsOpen) => signOfLife(scope, wantsOpen);
  if (start.build !== null) learn(scope, start.build);
  if (start.compileCache !== null && !isCompileCacheOn) {
    isCompileCacheOn = true;
    enableCompileCache(start.compileCache);
  }
  void runAsMain(scope, () => runService(scope, (url) => import(url), null));
  quiet.follow(scope);
}

function endById(id: number): void {
  const index = waiting.findIndex((each) => each.id === id);
  if (index !== -1) {
    waiting.splice(index, 1);
    control.postMessage({ type: 'ended', id, exitCode: 1 } satisfies FromGroup);
  }
  const scope = openScopes().find((each) => each.id === id);
  if (scope !== undefined) endScope(scope, 1, true);
}
