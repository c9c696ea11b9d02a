// The outer end of the wires of a thread: its messages, its log ring, its questions for the compiler.
import { receiveMessageOnPort } from 'node:worker_threads';
import { LogRingReader } from '../log-ring.ts';
import type { FloodGate } from '../logs/flood-gate.ts';
import { LogPump } from '../logs/log-pump.ts';
import type { FromInside, FromThread, ThreadWires, ToInside } from '../protocol.ts';
import { checkThreadMessage, MALFORMED_LINE } from './check-message.ts';
import type { StartRequest } from './placement.ts';

/** Answers one thread, and all threads that it makes itself. */
export class ThreadWatcher {
  readonly #request: StartRequest;
  readonly #wires: ThreadWires;
  readonly #pump: LogPump | null;
  readonly #gate: FloodGate;
  readonly #onMessage: (message: FromInside) => void;
  readonly #nested = new Set<ThreadWatcher>();
  #isClosed = false;
  #hasMisspoken = false;

  /**
   * @param gate of the service: all its threads share one budget
   * @param onMessage gets all that is not answered here, from the thread and those it has made
   */
  constructor(
    request: StartRequest,
    wires: ThreadWires,
    { gate, onMessage }: { gate: FloodGate; onMessage: (message: FromInside) => void },
  ) {
    this.#request = request;
    this.#gate = gate;
    this.#wires = wires;
    this.#onMessage = onMessage;
    const { events, flow } = request;
    this.#pump =
      wires.logs === null
        ? null
        : new LogPump(new LogRingReader(wires.logs), events.onOutput, { flow, gate });
    wires.control.on('message', (message: unknown) => this.#receive(message));
    wires.control.once('close', () => this.#close());
  }

  send(message: ToInside): void {
    this.#wires.control.postMessage(message);
  }

  /** True while the thread may have to wait for the reader of its output. */
  get isHolding(): boolean {
    return this.#pump?.isHolding === true;
  }

  /** The thread has ended. What it had said and written may still be on its way: this takes it. */
  finish(): void {
    if (this.#isClosed) return;
    const { control } = this.#wires;
    for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control)) {
      const message = checkThreadMessage(next.message, this.#request.message);
      if (message?.type !== 'compile') this.#receive(next.message);
    }
    this.#close();
  }

  /** Not to read from a port that is closed: Node 22 to 26 crash in `receiveMessageOnPort` then. */
  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const nested of this.#nested) nested.finish();
    this.#pump?.finish();
    this.#wires.control.close();
  }

  #receive(value: unknown): void {
    const message = checkThreadMessage(value, this.#request.message);
    if (message !== undefined) this.#take(message);
    else if (!this.#hasMisspoken) {
      // Once: what follows is no better.
      this.#hasMisspoken = true;
      this.#request.events.onOutput(1, Buffer.from(MALFORMED_LINE));
    }
  }

  #take(message: FromThread): void {
    if (message === null) this.#pump?.wake();
    else if (message.type === 'compile') void this.#compile(message.path);
    else if (message.type === 'thread') this.#adopt(message);
    else {
      // What was written before it was said belongs before it.
      this.#pump?.catchUp();
      this.#onMessage(message);
    }
  }

  /** A thread that the service has made. It ends with the service, or before. */
  #adopt(wires: ThreadWires): void {
    const nested = new ThreadWatcher(this.#request, wires, { gate: this.#gate, onMessage: this.#onMessage });
    this.#nested.add(nested);
    wires.control.once('close', () => this.#nested.delete(nested));
  }

  async #compile(path: string): Promise<void> {
    const answer = await compile(this.#request, path);
    if (this.#isClosed) return;
    this.send(answer);
    const counter = new Int32Array(this.#wires.answers);
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
  }
}

/** The answer to a thread or process that asks for a file, which it may not even be allowed to read. */
export async function compile(request: StartRequest, path: string): Promise<ToInside> {
  try {
    return { type: 'compiled', build: await request.compile(path), error: null };
  } catch (error) {
    return { type: 'compiled', build: null, error: (error as Error).message };
  }
}
