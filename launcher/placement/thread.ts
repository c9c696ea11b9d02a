// Placement `thread`: an incarnation is a worker thread of this process.
import { MessageChannel, Worker } from 'node:worker_threads';
import { createLogRing } from '../log-ring.ts';
import { FloodGate } from '../logs/flood-gate.ts';
import type { LoadedModules } from '../module-image.ts';
import { packageFile } from '../package-root.ts';
import { killGroup } from '../platform.ts';
import type { FromInside, ModuleCodes, SignOfLife, WorkerBoot } from '../protocol.ts';
import { within } from '../within.ts';
import { guardian } from './guardian.ts';
import { Pings } from './pings.ts';
import type { Incarnation, MemoryUse, Placement, Sighting, StartRequest } from './placement.ts';
import { lookIntoThread } from './thread-stack.ts';
import { ThreadWatcher } from './thread-wires.ts';

/**
 * V8's own limit for a thread that may use `heapMb`, in megabytes. Node has 16 MB to spare at V8's limit
 * (src/node_worker.cc, NearHeapLimit): a thread that takes more at once there ends the whole process. So uber ends it
 * before, and this leaves room for a large allocation.
 */
function v8LimitMb(heapMb: number): number {
  return heapMb + Math.max(1024, heapMb);
}

/** How long a thread may take to tell what it uses, in milliseconds. */
const MEMORY_MS = 1000;

/** One thread for each incarnation. */
export const threadPlacement: Placement = {
  start: (request) => new ThreadIncarnation(request),
};

/** Owns the thread, its wires and the child processes it leaves, and releases all of them. */
class ThreadIncarnation implements Incarnation {
  readonly pid = process.pid;
  readonly threadId: number;
  readonly #request: StartRequest;
  readonly #worker: Worker;
  readonly #watcher: ThreadWatcher;
  readonly #exited: Promise<void>;
  readonly #children = new Set<number>();
  readonly #pings = new Pings();
  #tellLoaded: ((loaded: LoadedModules) => void) | null = null;
  #tellCodes: ((codes: ModuleCodes) => void) | null = null;
  readonly #gate: FloodGate;
  #error: Error | null = null;

  constructor(request: StartRequest) {
    this.#request = request;
    const logs = createLogRing();
    const answers = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const { message: start, modules } = request;
    const boot: WorkerBoot = { start, modules, control: port2, logs, answers };
    this.#worker = new Worker(packageFile('dist', 'inside', 'worker.cjs'), {
      name: request.message.service,
      env: request.env,
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: boot,
      resourceLimits: { maxOldGenerationSizeMb: v8LimitMb(request.heapMb) },
      transferList: [port2],
    });
    // Behind the thread: Node refuses to make one for some values of NODE_OPTIONS, and nothing is to be left then.
    this.#gate = new FloodGate(() => performance.now(), request.events.onFlood);
    const wires = { control: port1, logs, answers };
    this.#watcher = new ThreadWatcher(request, wires, {
      gate: this.#gate,
      onMessage: (message) => this.#take(message),
    });
    this.threadId = this.#worker.threadId;
    // Only what Node itself writes before our code runs takes this way.
    this.#worker.stdout.on('data', (bytes: Buffer) => request.events.onOutput(0, bytes));
    this.#worker.stderr.on('data', (bytes: Buffer) => request.events.onOutput(1, bytes));
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        this.#watcher.finish();
        this.#endChildren();
        request.events.onExit({
          exitCode,
          signal: null,
          error: this.#error,
          heapMb: v8LimitMb(request.heapMb),
        });
        resolve();
      });
    });
  }

  stop(): void {
    this.#watcher.send({ type: 'stop' });
  }

  idleMs(): number {
    return this.#worker.performance.eventLoopUtilization().idle;
  }

  isHeldBack(): boolean {
    return this.#watcher.isHolding || this.#gate.isSlowing;
  }

  ping(wantsOpen: boolean): Promise<SignOfLife> {
    return this.#pings.ask(wantsOpen, (message) => this.#watcher.send(message));
  }

  async memory(): Promise<MemoryUse | null> {
    // It rejects when the thread has ended, and one in native code does not answer.
    const heap = await within(this.#worker.getHeapStatistics(), MEMORY_MS).catch(() => null);
    return (
      heap && {
        heapBytes: heap.used_heap_size,
        externalBytes: heap.external_memory,
        limitBytes: heap.heap_size_limit,
      }
    );
  }

  loadedModules(): Promise<LoadedModules> | null {
    if (this.#request.modules === null) return null;
    return new Promise((resolve) => {
      this.#tellLoaded = resolve;
      this.#watcher.send({ type: 'modules' });
    });
  }

  moduleCodes(paths: readonly string[]): Promise<ModuleCodes> {
    return new Promise((resolve) => {
      this.#tellCodes = resolve;
      this.#watcher.send({ type: 'codes', paths });
    });
  }

  lookInside(): Promise<Sighting> {
    return lookIntoThread(this.#worker, this.threadId, v8LimitMb(this.#request.heapMb));
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  abandon(): void {
    this.#endChildren();
  }

  #take(message: FromInside): void {
    if (message.type === 'child') {
      this.#children.add(message.pid);
      guardian.add(message.pid);
    } else if (message.type === 'child-ended') {
      this.#children.delete(message.pid);
      guardian.remove(message.pid);
    } else if (message.type === 'pong') this.#pings.answer(message);
    else if (message.type === 'modules') this.#tellLoaded?.(message.loaded);
    else if (message.type === 'codes') this.#tellCodes?.(message.codes);
    else this.#request.events.onMessage(message);
  }

  /** Nobody has waited for them: their process ids are still theirs. */
  #endChildren(): void {
    for (const pid of this.#children) {
      killGroup(pid);
      guardian.remove(pid);
    }
    this.#children.clear();
  }
}
