// Threads that are there before it is known what they are told: Node starts in them while main prepares the rest.
import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import { packageFile } from '../package-root.ts';
import type { EarlyBoot, LateBoot, WorkerBoot } from '../protocol.ts';
import { v8LimitMb } from './thread-memory.ts';

/** What differs between threads when they are made. */
export interface ThreadKind {
  readonly service: string;
  readonly heapMb: number;
}

interface EarlyThread extends ThreadKind {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly wake: Int32Array<SharedArrayBuffer>;
  hasEnded: boolean;
}

/** One for a run. Who takes a thread owns it. */
export class EarlyThreads {
  readonly #threads = new Map<string, EarlyThread>();

  /** Makes a thread for the first incarnation of a service. */
  make({ service, heapMb }: ThreadKind): void {
    if (!mayBeEarly(process.env)) return;
    const { port1, port2 } = new MessageChannel();
    const memory = new SharedArrayBuffer(4);
    const early: EarlyBoot = { port: port2, wake: memory };
    // Its environment follows: it is not known yet.
    const worker = makeWorker({ service, heapMb }, { env: {}, data: early, transfer: [port2] });
    const thread = { service, heapMb, worker, port: port1, wake: new Int32Array(memory), hasEnded: false };
    const end = (): void => {
      thread.hasEnded = true;
    };
    worker.once('error', end).once('exit', end);
    this.#threads.set(service, thread);
  }

  /** The thread that was made for a service, told what to run; null when there is none that fits. */
  take(kind: ThreadKind, boot: WorkerBoot, env: Readonly<Record<string, string>>): Worker | null {
    const thread = this.#threads.get(kind.service);
    if (thread === undefined) return null;
    this.#threads.delete(kind.service);
    if (thread.hasEnded || thread.heapMb !== kind.heapMb || !mayBeEarly(env)) {
      void discard(thread);
      return null;
    }
    thread.worker.removeAllListeners('error').removeAllListeners('exit');
    thread.port.postMessage({ boot, env } satisfies LateBoot, [boot.control]);
    thread.port.close();
    Atomics.store(thread.wake, 0, 1);
    Atomics.notify(thread.wake, 0);
    return thread.worker;
  }

  /** Ends those that nobody has taken. */
  async clear(): Promise<void> {
    const left = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(left.map(discard));
  }
}

interface WorkerParts {
  readonly env: Readonly<Record<string, string>>;
  readonly data: WorkerBoot | EarlyBoot;
  readonly transfer: readonly Transferable[];
}

/** Makes a thread for a service. Throws what Node throws for values of NODE_OPTIONS that it does not know. */
export function makeWorker({ service, heapMb }: ThreadKind, { env, data, transfer }: WorkerParts): Worker {
  return new Worker(packageFile('dist', 'inside', 'worker.cjs'), {
    name: service,
    env: { ...env },
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: v8LimitMb(heapMb) },
    transferList: [...transfer],
  });
}

/** Node reads some variables when a thread begins, and never again. */
function mayBeEarly(env: Readonly<Record<string, string | undefined>>): boolean {
  return Object.keys(env).every((name) => !name.startsWith('NODE_') || READ_LATE.has(name));
}

const READ_LATE: ReadonlySet<string> = new Set(['NODE_ENV', 'NODE_VERSION', 'NODE_TLS_REJECT_UNAUTHORIZED']);

async function discard({ worker, port }: EarlyThread): Promise<void> {
  port.close();
  await worker.terminate();
}
