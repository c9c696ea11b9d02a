// Child processes of a service. In a thread they start in the service's folder, what they inherit is the service's
// output, and main knows them, to end those that are left. Workers of `node:cluster` learn which port they have got.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { OutputWriter, RingStream } from '../log-ring.ts';
import { OWN_GROUP, signalGroup } from '../platform.ts';
import type { StartMessage } from '../protocol.ts';
import { absolute } from './fs-paths.ts';
import { replaceMember, replaceMethod } from './replace.ts';
import { currentScope, type ServiceScope } from './scope.ts';

interface SpawnOptions {
  readonly cwd?: string | URL | null;
  readonly stdio?: unknown;
  readonly detached?: boolean;
  /** With the program itself as the first. */
  readonly args?: readonly string[];
  readonly envPairs?: readonly string[];
}

/** Options of a synchronous start, as `node:child_process` hands them to the system. */
interface SyncOptions {
  readonly cwd?: string | null;
  readonly stdio?: readonly SyncStdio[];
  readonly maxBuffer?: number;
}

interface SyncStdio {
  readonly type: string;
  readonly fd?: number;
  readonly readable?: boolean;
  readonly writable?: boolean;
}

interface SyncResult {
  readonly output?: (Uint8Array | null)[] | null;
}

/** The parts of Node below `node:child_process`. */
interface Bindings {
  process_wrap: { Process: new () => object };
  spawn_sync: object;
}

/** A part of Node below its modules. */
export function binding<Name extends keyof Bindings>(name: Name): Bindings[Name] {
  const { noDeprecation } = process;
  // With --pending-deprecation Node would warn of `process.binding`, as if the service had called it.
  process.noDeprecation = true;
  const found = (process as unknown as { binding(name: string): Bindings[Name] }).binding(name);
  if (noDeprecation === undefined) Reflect.deleteProperty(process, 'noDeprecation');
  else process.noDeprecation = noDeprecation;
  return found;
}

/** For a process of its own: only workers of `node:cluster` need anything of us. */
export function followCluster(permissions: StartMessage['permissions']): void {
  const follow = (): void =>
    replaceSpawn((original, child, options, rest) =>
      Reflect.apply(original, child, [{ ...options, args: argsOf(options) }, ...rest]),
    );
  // With permissions Node keeps `process.binding` to itself.
  if (permissions === null) onFirstProcess(follow);
  else if (permissions.childProcess) follow();
}

/** For a thread. */
export function keepChildren(ring: OutputWriter): void {
  onFirstProcess(() =>
    replaceSpawn((original, child, options, rest) => {
      const { stdio, inherited } = ownStdio(options.stdio);
      const own = {
        ...options,
        args: argsOf(options),
        cwd: folderOf(options.cwd),
        stdio,
        // A group of its own, so that what it starts can be ended with it.
        detached: options.detached === true || OWN_GROUP.detached,
      };
      const error = Reflect.apply(original, child, [own, ...rest]);
      for (const { index, stream } of inherited) carry(child, index, stream, ring);
      follow(child, options.detached === true);
      return error;
    }),
  );
  // The functions that wait for the process call each other inside the module: what they have in common is this one.
  replaceMethod(
    binding('spawn_sync'),
    'spawn',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const { options, inherited } = syncInScope(args[0] as SyncOptions);
        const result = Reflect.apply(original, this, [options, ...args.slice(1)]) as SyncResult;
        for (const { index, stream } of inherited) {
          const bytes = result.output?.[index];
          if (bytes != null) ring.write(stream, bytes);
          if (result.output != null) result.output[index] = null;
        }
        return result;
      },
  );
}

/**
 * Calls back when `node:child_process` is about to make its first process. To load it costs a millisecond, which most
 * services need not pay.
 */
function onFirstProcess(callback: () => void): void {
  const wrap = binding('process_wrap');
  const Original = wrap.Process;
  let isFirst = true;
  class Process extends Original {
    constructor() {
      if (isFirst) {
        isFirst = false;
        callback();
      }
      super();
    }
  }
  replaceMember(wrap, 'Process', Process);
}

type Spawn = (
  original: (...args: unknown[]) => unknown,
  child: ChildProcess,
  options: SpawnOptions,
  rest: readonly unknown[],
) => unknown;

/** `spawn`, `exec`, `execFile` and `fork` all go through this method. */
function replaceSpawn(spawn: Spawn): void {
  replaceMethod(
    process.getBuiltinModule('node:child_process').ChildProcess.prototype,
    'spawn',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        return spawn(original, this as ChildProcess, args[0] as SpawnOptions, args.slice(1));
      },
  );
}

/** A worker of `node:cluster` is known by this variable, which Node sets for it. */
function argsOf({ args, envPairs }: SpawnOptions): readonly string[] | undefined {
  const isClusterWorker = envPairs?.some((pair) => pair.startsWith('NODE_UNIQUE_ID=')) === true;
  if (!isClusterWorker || args === undefined) return args;
  return [...args.slice(0, 1), '--require', join(__dirname, 'cluster-worker.cjs'), ...args.slice(1)];
}

interface Inherited {
  readonly index: number;
  readonly stream: RingStream;
}

/** The same `stdio`, but what would be the launcher's output is a pipe, and what would be its input is empty. */
function ownStdio(stdio: unknown): { stdio: unknown; inherited: Inherited[] } {
  const inherited: Inherited[] = [];
  if (stdio === undefined || stdio === null) return { stdio, inherited };
  const entries: unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  const own = entries.map((entry, index) => {
    const fd = descriptorOf(entry, index);
    if (fd === 0) return 'ignore';
    if (fd !== 1 && fd !== 2) return entry;
    inherited.push({ index, stream: fd === 1 ? 0 : 1 });
    return 'pipe';
  });
  return { stdio: own, inherited };
}

/** The descriptor that a child is to inherit: `'inherit'`, a number, or a stream such as `process.stdout`. */
function descriptorOf(entry: unknown, index: number): number | null {
  if (entry === 'inherit') return index;
  const fd: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'fd') : entry;
  return typeof fd === 'number' ? fd : null;
}

function folderOf(cwd: string | URL | null | undefined): string | URL {
  const own = currentScope().start.cwd;
  if (cwd === undefined || cwd === null) return own;
  return typeof cwd === 'string' ? absolute(cwd, own) : cwd;
}

/** Reads what a child writes to what it has inherited. Its parent does not see the pipe, as it would not see one. */
function carry(child: ChildProcess, index: number, stream: RingStream, ring: OutputWriter): void {
  const output = child.stdio?.[index] as (Readable & { unref?(): void }) | null | undefined;
  if (output == null) return; // It could not be started.
  output.on('data', (bytes: Buffer) => ring.write(stream, bytes));
  output.on('error', () => output.destroy());
  // It is the child itself that keeps the service alive.
  output.unref?.();
  Reflect.set(child.stdio, index, null);
  if (index === 1) child.stdout = null;
  if (index === 2) child.stderr = null;
}

function follow(child: ChildProcess, isDetached: boolean): void {
  const { pid } = child;
  if (pid === undefined) return;
  const { link, children } = currentScope();
  child.prependOnceListener('exit', () => {
    if (children.delete(child)) link.post({ type: 'child-ended', pid });
    // Two turns of the loop: in the one between them all that is left in its pipes is read.
    setImmediate(() => setImmediate(() => undefined));
  });
  // One that is detached is meant to outlive its parent, as it would outlive a process.
  if (isDetached) return;
  children.add(child);
  link.post({ type: 'child', pid });
}

/** How long children may take to end when their service stops, in milliseconds; then main ends them. */
const CHILDREN_MS = 500;

/** Asks the children that are left to end, and waits for it: nobody does when their thread is gone. */
export async function endChildren({ children }: ServiceScope): Promise<void> {
  if (children.size === 0) return;
  const ended = [...children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const { pid } of children) if (pid !== undefined) signalGroup(pid, 'SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, CHILDREN_MS);
  });
  await Promise.race([Promise.all(ended), limit]);
  clearTimeout(timer);
}

function syncInScope(options: SyncOptions): { options: SyncOptions; inherited: Inherited[] } {
  const inherited: Inherited[] = [];
  const stdio = options.stdio?.map((entry, index): SyncStdio => {
    if (entry.type !== 'inherit' && entry.type !== 'fd') return entry;
    if (entry.fd === 0) return { type: 'ignore' };
    if (entry.fd !== 1 && entry.fd !== 2) return entry;
    inherited.push({ index, stream: entry.fd === 1 ? 0 : 1 });
    return { type: 'pipe', readable: false, writable: true };
  });
  const isInherited = (index: number): boolean => inherited.some((entry) => entry.index === index);
  const isCollected = stdio?.some(({ type }, index) => type === 'pipe' && index !== 0 && !isInherited(index));
  const own: SyncOptions = {
    ...options,
    cwd: String(folderOf(options.cwd)),
    ...(stdio === undefined ? {} : { stdio }),
  };
  // The limit is for what the caller collects; nothing limits what is inherited.
  if (inherited.length > 0 && isCollected === false) Reflect.deleteProperty(own, 'maxBuffer');
  return { options: own, inherited };
}
