// What connects a service in a process of its own with main: a pipe for messages, one JSON text a line, and a second
// one for answers that are waited for.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type {
  BuildManifest,
  FromThread,
  SignOfLife,
  StartMessage,
  ThreadWires,
  ToInside,
} from '../protocol.ts';
import { ANSWERS_FD, CONTROL_FD } from '../protocol.ts';
import type { Link } from './scope.ts';
import { manifestOf } from './thread-link.ts';

const LINE_FEED = 0x0a;

/** The inner end. The process must have been started by placement `process`. */
export class ProcessLink implements Link {
  readonly start: StartMessage;
  readonly #control: Socket;
  /** What of the control pipe has been read but is no whole line yet. */
  #rest: Buffer;
  /** Called when the service is asked to end. */
  onStop: () => void = () => undefined;
  /** Called when main asks for a sign of life. */
  onPing: (wantsOpen: boolean) => SignOfLife = () => ({ open: null, stopStep: null });
  /** Called when main is gone. */
  onOrphaned: () => void = () => undefined;

  /** Reads what the service is to be; blocks until it is there. */
  constructor() {
    const { line, rest } = readLine(CONTROL_FD);
    this.start = JSON.parse(line) as StartMessage;
    this.#rest = rest;
    this.#control = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
    this.#control.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#control.on('error', () => undefined); // 'close' follows.
    this.#control.once('close', () => this.onOrphaned());
    // The service decides how long its process lives.
    this.#control.unref();
    if (this.#rest.length > 0) setImmediate(() => this.#take(Buffer.alloc(0)));
  }

  readonly post: Link['post'] = (message) => {
    this.#control.write(`${JSON.stringify(message)}\n`);
  };

  /** Module loading cannot wait for a promise, so the answer is read from a pipe of its own, which blocks. */
  readonly compile = (path: string): BuildManifest => {
    this.post({ type: 'compile', path });
    const answer = JSON.parse(readLine(ANSWERS_FD).line) as ToInside & { type: 'compiled' };
    return manifestOf(answer, path);
  };

  /** Answers a thread that the service has made, or hands on what it says. */
  serve({ control, answers }: ThreadWires): void {
    control.on('message', (message: FromThread) => {
      if (message === null) return;
      if (message.type === 'thread') this.serve(message);
      else if (message.type === 'compile') this.#answer(control, answers, message.path);
      else this.post(message);
    });
    control.unref();
  }

  #answer(control: ThreadWires['control'], answers: SharedArrayBuffer, path: string): void {
    let answer: ToInside;
    try {
      answer = { type: 'compiled', build: this.compile(path), error: null };
    } catch (error) {
      answer = { type: 'compiled', build: null, error: (error as Error).message };
    }
    control.postMessage(answer);
    const counter = new Int32Array(answers);
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf(LINE_FEED); end !== -1; end = this.#rest.indexOf(LINE_FEED)) {
      const message = JSON.parse(this.#rest.toString('utf8', 0, end)) as ToInside;
      this.#rest = this.#rest.subarray(end + 1);
      if (message.type === 'stop') this.onStop();
      else if (message.type === 'ping') this.post({ type: 'pong', ...this.onPing(message.wantsOpen) });
    }
  }
}

/** Reads up to the first line break; what came behind it is the rest. */
function readLine(fd: number): { line: string; rest: Buffer } {
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  for (;;) {
    const bytes = buffer.subarray(0, readSync(fd, buffer));
    const end = bytes.indexOf(LINE_FEED);
    if (bytes.length === 0) throw new Error('the launcher is gone');
    parts.push(Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)));
    if (end !== -1)
      return { line: Buffer.concat(parts).toString('utf8'), rest: Buffer.from(bytes.subarray(end + 1)) };
  }
}
