// Placement `process`: an incarnation is a Node process of its own. For programs that a thread cannot host.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { RingStream } from '../log-ring.ts';
import { FloodGate } from '../logs/flood-gate.ts';
import { LineSplitter } from '../logs/line-splitter.ts';
import { packageFile } from '../package-root.ts';
import { killGroup, OWN_GROUP } from '../platform.ts';
import {
  ANSWERS_FD,
  CONTROL_FD,
  type FromInside,
  type ModuleCodes,
  type SignOfLife,
  type StartMessage,
  type ToInside,
} from '../protocol.ts';
import { checkMessage, MALFORMED_LINE } from './check-message.ts';
import { guardian } from './guardian.ts';
import { permissionFlags } from './permission-flags.ts';
import { Pings } from './pings.ts';
import type { Incarnation, IncarnationExit, Placement, Sighting, StartRequest } from './placement.ts';
import { compile } from './thread-wires.ts';

/** No message of ours is longer: texts in it are cut before. */
const LONGEST_MESSAGE_BYTES = 1024 * 1024;

/** One process for each incarnation. */
export const processPlacement: Placement = {
  start: (request) => new ProcessIncarnation(request),
};

/** Owns the process, its pipes and all processes it starts, and ends them together. */
class ProcessIncarnation implements Incarnation {
  readonly pid: number;
  readonly threadId = 0;
  readonly #request: StartRequest;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** What has been said and is not yet told: what was written before it comes first. */
  #untold: FromInside[] = [];
  readonly #pings = new Pings();
  readonly #gate: FloodGate;
  /** Outputs that are not read for the moment. */
  #held = 0;
  #hasEnded = false;
  #hasMisspoken = false;

  constructor(request: StartRequest) {
    this.#request = request;
    const { message, env, heapMb } = request;
    this.#gate = new FloodGate(() => performance.now(), request.events.onFlood);
    const limit = setsOwnHeap(env) ? [] : [`--max-old-space-size=${heapMb}`];
    const flags = [...limit, ...permissionFlags(message.permissions)];
    this.#child = spawn(process.execPath, [...flags, packageFile('dist', 'inside', 'child.cjs')], {
      cwd: message.cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
      ...OWN_GROUP,
    });
    this.pid = this.#child.pid ?? 0;
    guardian.add(this.pid);
    this.#exited = this.#untilEnd();
    this.#carry(this.#child.stdout, 0);
    this.#carry(this.#child.stderr, 1);
    const lines = new LineSplitter((line) => this.#receive(line), LONGEST_MESSAGE_BYTES);
    this.#pipe(CONTROL_FD)?.on('data', (bytes: Buffer) => lines.write(bytes));
    // A process that has ended does not read: its end is told by its exit.
    for (const fd of [CONTROL_FD, ANSWERS_FD]) this.#pipe(fd)?.on('error', () => undefined);
    this.#send(CONTROL_FD, message);
  }

  stop(): void {
    this.#send(CONTROL_FD, { type: 'stop' });
  }

  idleMs(): null {
    return null;
  }

  isHeldBack(): boolean {
    return this.#held > 0 || this.#gate.isSlowing;
  }

  ping(wantsOpen: boolean): Promise<SignOfLife> {
    return this.#pings.ask(wantsOpen, (message) => this.#send(CONTROL_FD, message));
  }

  /** A debugger would have to open a port in the process, to which anybody on the machine could connect meanwhile. */
  lookInside(): Promise<Sighting> {
    return Promise.resolve({ stack: null, hiddenBy: 'process' });
  }

  /** Its memory is its own: V8 ends it at its limit, and nobody else. */
  memory(): Promise<null> {
    return Promise.resolve(null);
  }

  /** What is loaded in a process stays there. */
  loadedModules(): null {
    return null;
  }

  moduleCodes(): Promise<ModuleCodes> {
    return Promise.resolve([]);
  }

  async terminate(): Promise<void> {
    this.abandon();
    await this.#exited;
  }

  abandon(): void {
    if (!this.#hasEnded && this.pid !== 0) killGroup(this.pid);
  }

  #pipe(fd: number): Duplex | null {
    // There are none when the system could not start the process.
    return (this.#child.stdio?.[fd] as Duplex | undefined) ?? null;
  }

  #send(fd: number, message: ToInside | StartMessage): void {
    this.#pipe(fd)?.write(`${JSON.stringify(message)}\n`);
  }

  /** Hands output on, only as fast as the reader of the lines can follow: a full pipe makes the service wait. */
  #carry(output: Readable | null, stream: RingStream): void {
    const { events, flow } = this.#request;
    output?.on('data', (bytes: Buffer) => {
      events.onOutput(stream, bytes);
      const waitMs = this.#gate.took(bytes.length);
      if (this.#hasEnded || (waitMs === 0 && !flow.isCongested())) return;
      this.#held += 1;
      output.pause();
      const resume = (): void => {
        this.#held -= 1;
        output.resume();
      };
      if (flow.isCongested()) flow.onceFree(resume);
      else setTimeout(resume, waitMs);
    });
  }

  #receive(line: string): void {
    const message = checkMessage(parseLine(line), this.#request.message);
    if (message !== undefined) this.#take(message);
    else if (!this.#hasMisspoken) {
      // Once: what follows is no better.
      this.#hasMisspoken = true;
      this.#request.events.onOutput(1, Buffer.from(MALFORMED_LINE));
    }
  }

  #take(message: FromInside): void {
    if (message.type === 'compile') {
      void compile(this.#request, message.path).then((answer) => this.#send(ANSWERS_FD, answer));
      return;
    }
    if (message.type === 'pong') {
      this.#pings.answer(message);
      return;
    }
    this.#untold.push(message);
    if (this.#untold.length === 1) afterAllInput(() => this.#tell());
  }

  #tell(): void {
    const messages = this.#untold;
    this.#untold = [];
    for (const message of messages) this.#request.events.onMessage(message);
  }

  /** Resolves when the process has ended and all it had written and said has been handed on. */
  async #untilEnd(): Promise<void> {
    const child = this.#child;
    const { env } = this.#request;
    const heapMb = setsOwnHeap(env) ? null : this.#request.heapMb;
    const exit = await new Promise<IncarnationExit>((resolve) => {
      child.once('error', (error) => resolve({ exitCode: 1, signal: null, error, heapMb }));
      child.once('exit', (code, signal) => resolve({ exitCode: code ?? 1, signal, error: null, heapMb }));
    });
    this.#hasEnded = true;
    // What it has started and left running ends with it, as the threads and children of a thread do.
    if (this.pid !== 0) killGroup(this.pid);
    guardian.remove(this.pid);
    for (const output of [child.stdout, child.stderr]) output?.resume();
    await new Promise<void>(afterAllInput);
    this.#tell();
    // A process that has left the group may hold the pipes open for ever.
    for (const pipe of child.stdio ?? []) pipe?.destroy();
    this.#request.events.onExit(exit);
  }
}

/** A limit that the service sets itself wins: on the command line ours would. */
function setsOwnHeap({ NODE_OPTIONS = '' }: StartRequest['env']): boolean {
  return /--max[-_](?:old[-_]space|heap)[-_]size/.test(NODE_OPTIONS);
}

/** Calls back when all has been read that the pipes held at the time of the call: two turns of the event loop. */
function afterAllInput(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Not ours: the service can write there too.
  }
}
