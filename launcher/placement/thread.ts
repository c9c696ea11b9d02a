// Placement `thread`: an incarnation is a worker thread of this process.
import { MessageChannel, type Worker } from 'node:worker_threads';
import { createLogRing } from '../log-ring.ts';
import { FloodGate } from '../logs/flood-gate.ts';
import type { LoadedModules } from '../module-image.ts';
import type { FromInside, ModuleCodes, SignOfLife, WorkerBoot } from '../protocol.ts';
import type { ServiceSpec } from '../types.ts';
import { ChildGroups } from './child-groups.ts';
import { EarlyThreads, makeWorker } from './early-threads.ts';
import { Pings } from './pings.ts';
import type { Incarnation, MemoryUse, Placement, Sighting, StartRequest } from './placement.ts';
import { heapUse, v8LimitMb } from './thread-memory.ts';
import { lookIntoThread } from './thread-stack.ts';
import { ThreadWatcher } from './thread-wires.ts';

/** One thread for each incarnation. */
export class ThreadPlacement implements Placement {
  readonly #early = new EarlyThreads();

  begin({ name, heapMb, permissions }: ServiceSpec): void {
    if (permissions === null) this.#early.make({ service: name, heapMb });
  }

  start(request: StartRequest): Incarnation {
    return new ThreadIncarnation(request, this.#early);
  }

  dispose(): Promise<void> {
    return this.#early.clear();
  }
}

/** Owns the thread, its wires and the child processes it leaves, and releases all of them. */
class ThreadIncarnation implements Incarnation {
  readonly pid = process.pid;
  readonly threadId: number;
  readonly #request: StartRequest;
  readonly #worker: Worker;
  readonly #watcher: ThreadWatcher;
  readonly #exited: Promise<void>;
  readonly #children = new ChildGroups();
  readonly #pings = new Pings();
  #tellLoaded: ((loaded: LoadedModules) => void) | null = null;
  #tellCodes: ((codes: ModuleCodes) => void) | null = null;
  readonly #gate: FloodGate;
  #error: Error | null = null;

  constructor(request: StartRequest, early: EarlyThreads) {
    this.#request = request;
    const logs = createLogRing();
    const answers = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const { message: start, modules, env, heapMb } = request;
    const boot: WorkerBoot = { start, modules, control: port2, logs, answers };
    const kind = { service: start.service, heapMb };
    this.#worker = early.take(kind, boot, env) ?? makeWorker(kind, { env, data: boot, transfer: [port2] });
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
        this.#children.end();
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

  memory(): Promise<MemoryUse | null> {
    return heapUse(this.#worker);
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
    return lookIntoThread(this.#worker, this.threadId, { heapMb: v8LimitMb(this.#request.heapMb) });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  abandon(): void {
    this.#children.end();
  }

  #take(message: FromInside): void {
    if (this.#children.take(message)) return;
    if (message.type === 'pong') this.#pings.answer(message);
    else if (message.type === 'modules') this.#tellLoaded?.(message.loaded);
    else if (message.type === 'codes') this.#tellCodes?.(message.codes);
    else this.#request.events.onMessage(message);
  }
}
