// Threads that a service makes itself (transports of pino, pools of piscina): they belong to the service as well. Each
// is started with a preload of ours and told in its `workerData`, around the service's own, what it belongs to.
import { join } from 'node:path';
import workerThreads, { MessageChannel, type Transferable, type WorkerOptions } from 'node:worker_threads';
import { createLogRing } from '../log-ring.ts';
import type { BuildManifest, NestedBoot, ThreadWires } from '../protocol.ts';
import { replaceMember } from './replace.ts';
import { currentScope } from './scope.ts';

const PRELOAD = join(__dirname, 'nested.cjs');

/** Only for threads of a service with permissions. */
export const QUIET: readonly string[] = [
  '--disable-warning=SecurityWarning',
  '--disable-warning=ExperimentalWarning',
];

/** What the one who makes threads does with them. */
export interface NestedHost {
  /** True when their output goes to main on its own, past the thread that makes them. */
  readonly hasRings: boolean;
  /** Hands the outer end of the wires to whoever answers there. */
  introduce(wires: ThreadWires): void;
  /** What is known of the compiled sources now, so that the new thread need not ask for it again. */
  readonly build: () => BuildManifest | null;
}

/** Replaces `Worker` of `node:worker_threads`. */
export function adoptNestedWorkers(host: NestedHost): void {
  const Original = workerThreads.Worker;
  class Worker extends Original {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      super(file, isMistaken(options) ? options : adopted(options, host));
    }
  }
  replaceMember(workerThreads, 'Worker', Worker);
}

/** Node says what is wrong. */
function isMistaken({ execArgv }: WorkerOptions): boolean {
  return execArgv !== undefined && !Array.isArray(execArgv);
}

function adopted(options: WorkerOptions, host: NestedHost): WorkerOptions {
  const { port1, port2 } = new MessageChannel();
  const logs = host.hasRings ? createLogRing() : null;
  const answers = new SharedArrayBuffer(4);
  host.introduce({ control: port1, logs, answers });
  const { start } = currentScope();
  const boot: NestedBoot = {
    start: { ...start, build: host.build() },
    control: port2,
    logs,
    answers,
    streams: { stdout: options.stdout !== true, stderr: options.stderr !== true },
    data: options.workerData,
  };
  return {
    ...options,
    execArgv: ['--require', PRELOAD, ...limitsFor(options), ...(options.execArgv ?? process.execArgv)],
    workerData: { uber: boot },
    transferList: [...((options.transferList ?? []) as Transferable[]), port2],
  };
}

/**
 * A thread with arguments of its own would have none of the limits of its process. Node also warns of the flags of its
 * permission model, which the developer has not given.
 */
function limitsFor({ execArgv }: WorkerOptions): string[] {
  const limits = process.execArgv.filter((arg) => /^--(?:permission$|allow-)/.test(arg));
  if (limits.length === 0) return [];
  return [...QUIET, ...(execArgv === undefined ? [] : limits)];
}
