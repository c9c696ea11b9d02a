// What connects a thread with whoever made it: a message port, and a counter to sleep on.
import { receiveMessageOnPort } from 'node:worker_threads';
import { LogRingWriter } from '../log-ring.ts';
import type {
  BuildManifest,
  FromInside,
  FromThread,
  SignOfLife,
  ThreadWires,
  ToInside,
} from '../protocol.ts';
import type { ModuleLoader } from './module-loader.ts';
import type { Link } from './scope.ts';

const NOTHING_LOADED = { paths: [], resolutions: [] };

/** The inner end of the wires of a thread. */
export class ThreadLink implements Link {
  /** Null where the thread's output takes its usual way. */
  readonly ring: LogRingWriter | null;
  readonly #wires: ThreadWires;
  /** Called when the service is asked to end. */
  onStop: () => void = () => undefined;
  /** Called when main asks for a sign of life. */
  onPing: (wantsOpen: boolean) => SignOfLife = () => ({ open: null, stopStep: null });
  /** What knows the modules that are loaded here. */
  modules: ModuleLoader | null = null;

  constructor(wires: ThreadWires) {
    this.#wires = wires;
    const { control, logs } = wires;
    this.ring = logs === null ? null : new LogRingWriter(logs, () => this.#send(null));
    control.on('message', (message: ToInside) => {
      if (message.type !== 'compiled') this.#answer(message);
    });
    // The service decides how long its thread lives, as it does in a process of its own.
    control.unref();
  }

  readonly post = (message: FromInside): void => this.#send(message);

  /** Hands over the outer end of the wires of a thread that the service makes. */
  introduce(wires: ThreadWires): void {
    this.#wires.control.postMessage({ type: 'thread', ...wires } satisfies FromThread, [wires.control]);
  }

  /** Module loading cannot wait for a promise, so the thread sleeps until the answer is on the port. */
  readonly compile = (path: string): BuildManifest => {
    const { control, answers } = this.#wires;
    const counter = new Int32Array(answers);
    const seen = Atomics.load(counter, 0);
    this.post({ type: 'compile', path });
    Atomics.wait(counter, 0, seen);
    for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control)) {
      const message = next.message as ToInside;
      if (message.type === 'compiled') return manifestOf(message, path);
      this.#answer(message);
    }
    throw new Error(`main did not answer for ${path}`);
  };

  #answer(message: Exclude<ToInside, { type: 'compiled' }>): void {
    if (message.type === 'stop') this.onStop();
    else if (message.type === 'ping') this.post({ type: 'pong', ...this.onPing(message.wantsOpen) });
    else if (message.type === 'codes') void this.#sendCodes(message.paths);
    else this.post({ type: 'modules', loaded: this.modules?.loaded() ?? NOTHING_LOADED });
  }

  async #sendCodes(paths: readonly string[]): Promise<void> {
    this.post({ type: 'codes', codes: (await this.modules?.codes(paths)) ?? [] });
  }

  #send(message: FromThread): void {
    this.#wires.control.postMessage(message);
  }
}

/** What the answer to `compile` holds. Throws what the compiler has said. */
export function manifestOf({ build, error }: ToInside & { type: 'compiled' }, path: string): BuildManifest {
  if (build === null) throw new SyntaxError(error ?? `could not compile ${path}`);
  return build;
}
