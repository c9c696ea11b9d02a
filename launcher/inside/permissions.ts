// What a service with `permissions` may not do is refused by the public functions of Node, and told. In a process Node's
// own permission model stands behind it; in a thread this is all there is: a seat belt and no wall.
import childProcess from 'node:child_process';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';
import { covers, realPathOf } from '../paths.ts';
import type { StartMessage } from '../protocol.ts';
import type { Permissions, PlacementName } from '../types.ts';
import { guardFiles } from './guarded-files.ts';
import { Refusals } from './refusals.ts';
import { replaceMember, replaceMethod } from './replace.ts';

/** What is done in two steps: files before anything else is replaced, all other things behind it. */
export interface Guard {
  /** Refuses processes, threads and addons. */
  close(): void;
}

/** Guards a service. Files are guarded at once, below whatever is put around the functions of `fs` later. */
export function guardService(start: StartMessage, permissions: Permissions, placement: PlacementName): Guard {
  if (placement === 'process') hushNode();
  const refusals = new Refusals(start.service);
  // What main has compiled is part of the service, wherever its source is.
  const sources = Object.keys(start.build?.files ?? {}).map((url) => fileURLToPath(url));
  const limits = { ...permissions, read: [...permissions.read, ...sources] };
  guardFiles(limits, refusals);
  guardModules(limits, refusals);
  return {
    close() {
      if (!permissions.childProcess) refuseProcesses(refusals);
      if (!permissions.worker) refuseThreads(refusals);
      if (!permissions.addons) refuseAddons(refusals);
      // As Node does: it leads around everything here.
      replaceMethod(process, 'binding', () => (name) => {
        throw refusals.refuse('process.binding', String(name), null);
      });
    },
  };
}

/** Node warns of every flag that it is started with here: the developer has not given any. */
function hushNode(): void {
  const { emit } = process;
  process.emit = ((name: string, ...rest: unknown[]) => {
    const isOurs = name === 'warning' && /^The flag --allow-/.test(String((rest[0] as Error)?.message));
    return isOurs || Reflect.apply(emit, process, [name, ...rest]);
  }) as typeof process.emit;
  // These warnings have been on their way since before this file was loaded.
  process.nextTick(() => {
    process.emit = emit;
  });
}

/** `import` does not go through the public functions of `fs`. */
function guardModules({ read }: Permissions, refusals: Refusals): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (!resolved.url.startsWith('file:')) return resolved;
      const path = fileURLToPath(resolved.url);
      if (!covers(read, realPathOf(path))) throw refusals.refuse('FileSystemRead', path, 'read');
      return resolved;
    },
  });
}

function refuseProcesses(refusals: Refusals): void {
  const refuse = () => (file: unknown) => {
    throw refusals.refuse('ChildProcess', String(file), 'childProcess');
  };
  for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'])
    replaceMethod(childProcess, name, refuse);
  // What `node:cluster` and the promises of `exec` use.
  replaceMethod(childProcess.ChildProcess.prototype, 'spawn', () => (options) => {
    throw refusals.refuse(
      'ChildProcess',
      String((options as { file?: unknown } | undefined)?.file),
      'childProcess',
    );
  });
}

function refuseThreads(refusals: Refusals): void {
  const refuse = (file: string | URL, options: WorkerOptions | undefined): never => {
    throw refusals.refuse('WorkerThreads', options?.eval === true ? '(source text)' : String(file), 'worker');
  };
  class Worker extends workerThreads.Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(refuse(file, options), options);
    }
  }
  replaceMember(workerThreads, 'Worker', Worker);
}

function refuseAddons(refusals: Refusals): void {
  replaceMethod(process, 'dlopen', () => (_module, file) => {
    throw refusals.refuse('Addon', String(file), 'addons');
  });
}
