// Placement `thread`: an incarnation is a worker thread of this process.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { createLogRing, LogRingReader } from '../log-ring.ts';
import { LogPump } from '../logs/log-pump.ts';
import { packageFile } from '../package-root.ts';
import type { FromInside, ToInside, WorkerBoot } from '../protocol.ts';
import type { Incarnation, IncarnationExit, Placement, StartRequest } from './placement.ts';

/** One thread for each incarnation. */
export const threadPlacement: Placement = {
  start: (request) => new ThreadIncarnation(request),
};

/** Owns the thread, its control port and its log ring, and releases all three. */
class ThreadIncarnation implements Incarnation {
  readonly pid = process.pid;
  readonly threadId: number;
  readonly #request: StartRequest;
  readonly #worker: Worker;
  readonly #control: MessagePort;
  readonly #pump: LogPump;
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  readonly #exited: Promise<void>;
  #error: Error | null = null;
  #hasExited = false;

  constructor(request: StartRequest) {
    this.#request = request;
    const logs = createLogRing();
    this.#pump = new LogPump(new LogRingReader(logs), request.events.onOutput, request.flow);
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    const boot: WorkerBoot = { start: request.message, control: port2, logs, answers: this.#answers.buffer };
    this.#worker = new Worker(packageFile('dist', 'inside', 'worker.cjs'), {
      name: request.message.service,
      env: request.env,
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: boot,
      transferList: [port2],
    });
    this.threadId = this.#worker.threadId;
    this.#control.on('message', (message: FromInside | null) => this.#take(message));
    // Only what Node itself writes before our code runs takes this way.
    this.#worker.stdout.on('data', (bytes: Buffer) => request.events.onOutput(0, bytes));
    this.#worker.stderr.on('data', (bytes: Buffer) => request.events.onOutput(1, bytes));
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        this.#finish({ exitCode, error: this.#error });
        resolve();
      });
    });
  }

  stop(): void {
    this.#send({ type: 'stop' });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  #send(message: ToInside): void {
    this.#control.postMessage(message);
  }

  #take(message: FromInside | null): void {
    if (message === null) this.#pump.wake();
    else if (message.type === 'compile') void this.#compile(message.path);
    else this.#tell(message);
  }

  #tell(message: FromInside): void {
    this.#pump.catchUp();
    this.#request.events.onMessage(message);
  }

  async #compile(path: string): Promise<void> {
    const answer = await this.#request.compile(path).then(
      (build): ToInside => ({ type: 'compiled', build, error: null }),
      (error: Error): ToInside => ({ type: 'compiled', build: null, error: error.message }),
    );
    if (this.#hasExited) return;
    this.#send(answer);
    Atomics.add(this.#answers, 0, 1);
    Atomics.notify(this.#answers, 0);
  }

  /** What the thread had said and written before it ended may still be on its way: first that, then the end. */
  #finish(exit: IncarnationExit): void {
    for (
      let next = receiveMessageOnPort(this.#control);
      next !== undefined;
      next = receiveMessageOnPort(this.#control)
    ) {
      const message = next.message as FromInside | null;
      if (message !== null && message.type !== 'compile') this.#tell(message);
    }
    this.#hasExited = true;
    this.#pump.finish();
    this.#control.close();
    this.#request.events.onExit(exit);
  }
}
