// A worker thread of several services: begins with the first of them and ends with the last.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { packageFile } from '../package-root.ts';
import type { FromGroup, GroupBoot, ToGroup } from '../protocol.ts';
import { checkGroupMessage } from './check-message.ts';
import type { MemoryUse, Sighting } from './placement.ts';
import { heapUse, v8LimitMb } from './thread-memory.ts';
import { lookIntoThread } from './thread-stack.ts';

/** What a thread knows of a service in it. */
export interface GroupMember {
  readonly id: number;
  readonly name: string;
  readonly heapMb: number;
  isWaiting(): boolean;
  write(stream: 0 | 1, bytes: Buffer): void;
  finish(exitCode: number, endedWith: string | null): void;
}

/** Evaluated in the thread: the id of the life on whose behalf its code runs (launcher/inside/shared/scopes.ts). */
const WHO = "process[Symbol.for('uberservice.here')]()";

/** Owns the thread. */
export class SharedThread {
  readonly threadId: number;
  readonly #name: string;
  readonly #heapMb: number;
  readonly #worker: Worker;
  readonly #control: MessagePort;
  readonly #members = new Map<number, GroupMember>();
  #reason: string | null = null;
  #look: ReturnType<typeof lookIntoThread> | null = null;
  /** True when nobody can begin in it any more. */
  isOver = false;

  /** @param heapMb largest heap (V8's old generation), in megabytes */
  constructor(name: string, heapMb: number) {
    this.#name = name;
    this.#heapMb = heapMb;
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    const boot: GroupBoot = { control: port2 };
    this.#worker = new Worker(packageFile('dist', 'inside', 'shared-worker.cjs'), {
      name,
      env: process.env,
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: boot,
      resourceLimits: { maxOldGenerationSizeMb: v8LimitMb(heapMb) },
      transferList: [port2],
    });
    this.threadId = this.#worker.threadId;
    this.#worker.stdout.on('data', (bytes: Buffer) => this.#eldest()?.write(0, bytes));
    this.#worker.stderr.on('data', (bytes: Buffer) => this.#eldest()?.write(1, bytes));
    this.#worker.on('error', (error) => {
      this.#reason ??= this.#reasonOf(error);
    });
    this.#worker.once('exit', (exitCode) => this.#hasExited(exitCode));
    port1.on('message', (message: unknown) => this.#take(checkGroupMessage(message)));
  }

  /** Those that live in it, the eldest first. */
  get members(): GroupMember[] {
    return [...this.#members.values()];
  }

  begin(member: GroupMember, message: ToGroup, wires: MessagePort): void {
    this.#members.set(member.id, member);
    this.#control.postMessage(message, [wires]);
  }

  /** Asks the thread to end one of its services without asking that. */
  tellToEnd(id: number): void {
    if (!this.isOver) this.#control.postMessage({ type: 'end', id } satisfies ToGroup);
  }

  /** Ends all that live in it. */
  end(reason: string): void {
    this.#reason ??= reason;
    this.isOver = true;
    void this.#worker.terminate();
  }

  idleMs(): number {
    return this.#worker.performance.eventLoopUtilization().idle;
  }

  /** Told to one of its members only, because it is the same memory for all: the one that may use the most. */
  async memoryFor(member: GroupMember): Promise<MemoryUse | null> {
    const largest = this.members.reduce((most, each) => (each.heapMb > most.heapMb ? each : most), member);
    const first = this.members.find(({ heapMb }) => heapMb === largest.heapMb);
    return first === member ? heapUse(this.#worker) : null;
  }

  /** Where its code is, for the member on whose behalf it runs; the others are told whose it is. */
  async lookInsideFor(member: GroupMember): Promise<Sighting> {
    const heapMb = v8LimitMb(this.#heapMb);
    this.#look ??= lookIntoThread(this.#worker, this.threadId, { heapMb, question: WHO }).finally(() => {
      this.#look = null;
    });
    const { answer, ...sighting } = await this.#look;
    // Where nobody can tell, it is told of one of them.
    const known = this.members.find(({ id }) => id === answer);
    const told = known ?? this.#eldest();
    if (told !== undefined && told !== member) return { stack: null, hiddenBy: 'other', service: told.name };
    return { ...sighting, isOfThread: known === undefined };
  }

  #eldest(): GroupMember | undefined {
    const [first] = this.#members.values();
    return first;
  }

  #take(message: FromGroup | undefined): void {
    if (message === undefined) return;
    if (message.type === 'crashed') {
      this.#reason ??= `an error that belongs to no single service: ${message.error.message}`;
      this.isOver = true;
      return;
    }
    const member = this.#members.get(message.id);
    if (member === undefined) return;
    if (this.#members.size > 1) {
      this.#members.delete(message.id);
      member.finish(message.exitCode, null);
      return;
    }
    // The last one has ended when the thread has.
    this.isOver = true;
    void this.#worker.terminate().then(() => {
      this.#members.delete(message.id);
      member.finish(message.exitCode, null);
    });
  }

  #hasExited(exitCode: number): void {
    const isEmptied = this.isOver && this.#reason === null;
    this.isOver = true;
    this.#control.close();
    // The last one is told by who has ended the thread.
    if (isEmptied) return;
    const reason = this.#reason ?? `its thread ended with exit code ${exitCode}`;
    const all = this.members;
    this.#members.clear();
    for (const member of all) member.finish(exitCode, `the shared thread "${this.#name}" ended: ${reason}`);
  }

  #reasonOf(error: Error): string {
    if (Reflect.get(error, 'code') !== 'ERR_WORKER_OUT_OF_MEMORY') return error.message;
    return `its heap was full, which ${this.members.map(({ name }) => `"${name}"`).join(', ')} have in common`;
  }
}
