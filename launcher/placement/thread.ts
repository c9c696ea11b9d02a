// Placement `thread`: an incarnation is a worker thread of this process.
import { MessageChannel, Worker } from 'node:worker_threads';
import { createLogRing } from '../log-ring.ts';
import { FloodGate } from '../logs/flood-gate.ts';
import { packageFile } from '../package-root.ts';
import { killGroup } from '../platform.ts';
import type { FromInside, SignOfLife, WorkerBoot } from '../protocol.ts';
import { guardian } from './guardian.ts';
import { Pings } from './pings.ts';
import type { Incarnation, Placement, StartRequest } from './placement.ts';
import { stackOfThread } from './thread-stack.ts';
import { ThreadWatcher } from './thread-wires.ts';

/**
 * Young generation of a thread, in megabytes. Node gives a thread whose heap is full 16 MB more to come to its end in;
 * what V8 moves out of a young generation of the usual size (48 MB) can be more than that, and ends the whole process.
 */
const YOUNG_MB = 12;

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
  readonly #gate: FloodGate;
  #error: Error | null = null;

  constructor(request: StartRequest) {
    this.#request = request;
    const logs = createLogRing();
    const answers = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const boot: WorkerBoot = { start: request.message, control: port2, logs, answers };
    this.#worker = new Worker(packageFile('dist', 'inside', 'worker.cjs'), {
      name: request.message.service,
      env: request.env,
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: boot,
      resourceLimits: { maxOldGenerationSizeMb: request.heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
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
        request.events.onExit({ exitCode, signal: null, error: this.#error, heapMb: request.heapMb });
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

  takeStack(): Promise<string | null> {
    return stackOfThread(this.threadId);
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
