// The control socket of a live run. Only its own user can reach it, and only with the token of the run.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { toUberError, UberError } from '../errors.ts';
import { controlAddress, isSocketFile } from '../platform.ts';
import { writePrivateFile } from '../private-files.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  controlFile,
  isSameToken,
  LONGEST_REQUEST_BYTES,
  parseRequest,
} from './control-protocol.ts';

/** More connections at the same time are refused. */
const MOST_CONNECTIONS = 32;
/** A client that does not read its answers is cut off. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const IDLE_MS = 10_000;
const LINE_FEED = 0x0a;

interface ControlServerOptions {
  /** Folder of the run. */
  readonly folder: string;
  readonly runId: string;
  /** What each method answers. */
  readonly methods: Readonly<Record<string, (params: unknown) => unknown>>;
  /** How long a connection may stay without a valid request, in milliseconds. Default: 10000. */
  readonly idleMs?: number;
}

/** Opened once, closed once. It does not keep the process alive. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #token = randomBytes(32).toString('hex');
  readonly #sockets = new Set<Socket>();
  readonly #address: string;
  #server: Server | null = null;
  #opening: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#address = controlAddress(options.folder, options.runId);
  }

  /**
   * Listens, unless it was closed before. A run without its control socket is still a run: what goes wrong here is no
   * failure of it.
   */
  open(): Promise<void> {
    if (!this.#isClosed) this.#opening ??= this.#listen().catch(() => this.#release());
    return this.#opening ?? Promise.resolve();
  }

  /** Cuts all connections and removes the files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await this.#release();
  }

  async #release(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.closeNow();
  }

  /** For a process that ends this very moment. */
  closeNow(): void {
    if (this.#opening === null) return;
    rmSync(controlFile(this.#options.folder), { force: true });
    if (isSocketFile(this.#address)) rmSync(this.#address, { force: true });
    if (this.#hasOwnFolder()) rmSync(dirname(this.#address), { recursive: true, force: true });
  }

  /** True when the path in the folder of the run would have been too long. */
  #hasOwnFolder(): boolean {
    return isSocketFile(this.#address) && dirname(this.#address) !== this.#options.folder;
  }

  async #listen(): Promise<void> {
    // Fails when there is one already: it would be somebody else's.
    if (this.#hasOwnFolder()) mkdirSync(dirname(this.#address), { mode: 0o700 });
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = MOST_CONNECTIONS;
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#address, () => resolve());
    });
    server.on('error', () => undefined); // Too many open files: whoever asks may ask again.
    this.#server = server;
    if (isSocketFile(this.#address)) chmodSync(this.#address, 0o600);
    const access = { address: this.#address, token: this.#token };
    writePrivateFile(controlFile(this.#options.folder), `${JSON.stringify(access)}\n`);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.unref();
    const timer = setTimeout(() => socket.destroy(), this.#options.idleMs ?? IDLE_MS).unref();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let from = 0;
      for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED, from)) {
        if (socket.destroyed || socket.writableEnded) return;
        const isValid = end - from <= LONGEST_REQUEST_BYTES && this.#take(socket, rest.subarray(from, end));
        if (!isValid) return this.#refuse(socket);
        clearTimeout(timer);
        from = end + 1;
      }
      rest = rest.subarray(from);
      if (rest.length > LONGEST_REQUEST_BYTES) this.#refuse(socket);
    });
  }

  /** False for what is no request. */
  #take(socket: Socket, line: Uint8Array): boolean {
    const request = parseRequest(line);
    if (request === null) return false;
    // Without a word: who does not know the token is not told why.
    if (isSameToken(request.token, this.#token)) this.#send(socket, this.#answer(request));
    else socket.destroy();
    return true;
  }

  #answer({ id, method, params }: ControlRequest): ControlAnswer {
    try {
      const { methods } = this.#options;
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (run === undefined) {
        const known = Object.keys(methods).join(', ');
        throw new UberError('USAGE', `No method "${method.slice(0, 100)}". Known: ${known}.`);
      }
      return { id, result: run(params) ?? null };
    } catch (thrown) {
      const { code, message } = toUberError(thrown);
      return { id, error: { code, message } };
    }
  }

  #refuse(socket: Socket): void {
    const message = `A request is one JSON object a line, with id, token and method, of at most ${LONGEST_REQUEST_BYTES} bytes.`;
    this.#send(socket, { id: null, error: { code: 'USAGE', message } });
    socket.destroySoon();
    socket.removeAllListeners('data').resume();
  }

  #send(socket: Socket, answer: ControlAnswer): void {
    socket.write(`${JSON.stringify(answer)}\n`);
    if (socket.writableLength > MOST_WAITING_BYTES) socket.destroy();
  }
}
