// Placement `shared`: an incarnation lives in a worker thread together with others. Packages are loaded once.
import { MessageChannel } from 'node:worker_threads';
import { createLogRing } from '../log-ring.ts';
import { FloodGate } from '../logs/flood-gate.ts';
import type { FromInside, ModuleCodes, SignOfLife, ToGroup } from '../protocol.ts';
import type { ServiceSpec } from '../types.ts';
import { within } from '../within.ts';
import { ChildGroups } from './child-groups.ts';
import { Pings } from './pings.ts';
import type { Incarnation, MemoryUse, Placement, Sighting, StartRequest } from './placement.ts';
import { type GroupMember, SharedThread } from './shared-thread.ts';
import { ThreadWatcher } from './thread-wires.ts';

/** How long a thread may take to end one of its services, in milliseconds. Then all of them end with it. */
const END_MS = 1000;

/** Each service has a ring of its own for its output: less than where there is one a thread. */
const RING_BYTES = 16 * 1024;

/** The shared threads of one run. */
export class SharedPlacement implements Placement {
  readonly #threads = new Map<string, SharedThread>();
  readonly #heapsMb = new Map<string, number>();
  #lives = 0;

  /** @param specs all services of the run: a thread may use as much as the most of its services may */
  constructor(specs: readonly ServiceSpec[]) {
    for (const { sharedThread, heapMb, placement } of specs) {
      if (placement !== 'shared') continue;
      this.#heapsMb.set(sharedThread, Math.max(heapMb, this.#heapsMb.get(sharedThread) ?? 0));
    }
  }

  start(request: StartRequest): Incarnation {
    this.#lives += 1;
    return new SharedIncarnation(request, this.#lives, this.#threadFor(request));
  }

  #threadFor({ sharedThread: name, heapMb }: StartRequest): SharedThread {
    const known = this.#threads.get(name);
    if (known !== undefined && !known.isOver) return known;
    const thread = new SharedThread(name, this.#heapsMb.get(name) ?? heapMb);
    this.#threads.set(name, thread);
    return thread;
  }
}

/** Owns the wires of one service and the child processes it leaves. */
class SharedIncarnation implements Incarnation, GroupMember {
  readonly pid = process.pid;
  readonly id: number;
  readonly #request: StartRequest;
  readonly #thread: SharedThread;
  readonly #watcher: ThreadWatcher;
  readonly #gate: FloodGate;
  readonly #children = new ChildGroups();
  readonly #pings = new Pings();
  readonly #exited: Promise<void>;
  #resolveExited: () => void = () => undefined;
  /** How long the thread had been idle before. */
  readonly #idleBeforeMs: number;

  constructor(request: StartRequest, id: number, thread: SharedThread) {
    this.#request = request;
    this.#thread = thread;
    this.#idleBeforeMs = thread.idleMs();
    this.id = id;
    this.#exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
    const logs = createLogRing(RING_BYTES);
    const answers = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    this.#gate = new FloodGate(() => performance.now(), request.events.onFlood);
    this.#watcher = new ThreadWatcher(
      request,
      { control: port1, logs, answers },
      { gate: this.#gate, onMessage: (message) => this.#take(message) },
    );
    const { message: start, env } = request;
    const begin: ToGroup = { type: 'begin', id, start, env, wires: { control: port2, logs, answers } };
    thread.begin(this, begin, port2);
  }

  get threadId(): number {
    return this.#thread.threadId;
  }

  get name(): string {
    return this.#request.message.service;
  }

  get heapMb(): number {
    return this.#request.heapMb;
  }

  /** What Node writes, or code that belongs to no service. */
  write(stream: 0 | 1, bytes: Buffer): void {
    this.#request.events.onOutput(stream, bytes);
  }

  /** It has ended: by itself with a code, or with its thread for a reason. */
  finish(exitCode: number, endedWith: string | null): void {
    this.#watcher.finish();
    this.#children.end();
    const exit = { exitCode, signal: null, error: null, heapMb: null };
    this.#request.events.onExit(endedWith === null ? exit : { ...exit, endedWith });
    this.#resolveExited();
  }

  stop(): void {
    this.#watcher.send({ type: 'stop' });
  }

  /** Of this life alone: one that waits behind others of its thread is not idle, and its start has hardly begun. */
  idleMs(): number {
    return Math.max(0, this.#thread.idleMs() - this.#idleBeforeMs);
  }

  /** One that waits makes all of its thread wait. */
  isHeldBack(): boolean {
    return this.#thread.members.some((member) => member.isWaiting());
  }

  isWaiting(): boolean {
    return this.#watcher.isHolding || this.#gate.isSlowing;
  }

  ping(wantsOpen: boolean): Promise<SignOfLife> {
    return this.#pings.ask(wantsOpen, (message) => this.#watcher.send(message));
  }

  memory(): Promise<MemoryUse | null> {
    return this.#thread.memoryFor(this);
  }

  /** Node itself keeps what it has compiled for a shared thread. */
  loadedModules(): null {
    return null;
  }

  moduleCodes(): Promise<ModuleCodes> {
    return Promise.resolve([]);
  }

  lookInside(): Promise<Sighting> {
    return this.#thread.lookInsideFor(this);
  }

  endThread(reason: string): void {
    this.#thread.end(reason);
  }

  async terminate(): Promise<void> {
    this.#thread.tellToEnd(this.id);
    const hasEnded = await within(
      this.#exited.then(() => true),
      END_MS,
    );
    if (hasEnded === null) this.#thread.end(`it did not answer when "${this.name}" was to be ended`);
    await this.#exited;
  }

  abandon(): void {
    this.#children.end();
  }

  #take(message: FromInside): void {
    if (this.#children.take(message)) return;
    if (message.type === 'pong') this.#pings.answer(message);
    else this.#request.events.onMessage(withoutMarks(message));
  }
}

/** Second and later lives load their ES modules by a URL with a mark, which is of no use to a reader. */
function withoutMarks(message: FromInside): FromInside {
  if (!('error' in message) || message.error.stack === null) return message;
  const stack = message.error.stack.replaceAll(/[?&]uber=\d+(?=:\d)/g, '');
  return { ...message, error: { ...message.error, stack } };
}
