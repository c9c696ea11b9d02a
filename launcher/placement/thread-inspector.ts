// A thread of this process as the inspector sees it: it answers also while its event loop is blocked.
import type { Session } from 'node:inspector';

/** What the thread says by itself (Chrome DevTools Protocol), as far as it is read here. */
export type ThreadEvent = (method: string, params: Readonly<Record<string, unknown>>) => void;

/** Detached by `close`, which must come when the last answer has come: one paused without a debugger never runs again. */
export class ThreadInspector {
  readonly #session: Session;
  readonly #worker: string;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<null>;
  readonly #waiting = new Map<number, (isAnswered: boolean) => void>();
  #sent = 0;

  private constructor(session: Session, worker: string, onEvent: ThreadEvent) {
    this.#session = session;
    this.#worker = worker;
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== worker) return;
      const { id, method, params: said = {} } = JSON.parse(params.message);
      if (typeof method === 'string') onEvent(method, said);
      else this.#answer(id, true);
    });
    this.ended = new Promise((resolve) => {
      session.on('NodeWorker.detachedFromWorker', ({ params }) => {
        if (params.sessionId !== worker) return;
        for (const id of [...this.#waiting.keys()]) this.#answer(id, false);
        resolve(null);
      });
    });
  }

  /** Null when there is no such thread, or Node was built without the inspector. */
  static attach(threadId: number, onEvent: ThreadEvent = () => undefined): Promise<ThreadInspector | null> {
    const inspector = process.getBuiltinModule('node:inspector');
    if (inspector === undefined) return Promise.resolve(null);
    const session = new inspector.Session();
    session.connect();
    return new Promise((resolve, reject) => {
      let found: ThreadInspector | null = null;
      session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
        // The title begins with `[worker 3]`; the id it has beside it is not that of the thread.
        const isIt = workerInfo.title.startsWith(`[worker ${threadId}]`);
        if (isIt) found ??= new ThreadInspector(session, sessionId, onEvent);
      });
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
        // All threads there are have been told by now.
        if (error === null && found !== null) return resolve(found);
        session.disconnect();
        if (error === null) resolve(null);
        else reject(error);
      });
    });
  }

  /** Resolves when the thread has answered: false when it has ended instead. */
  send(method: string): Promise<boolean> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      const message = JSON.stringify({ id, method });
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#worker, message });
    });
  }

  close(): void {
    this.#session.disconnect();
  }

  #answer(id: number, isAnswered: boolean): void {
    this.#waiting.get(id)?.(isAnswered);
    this.#waiting.delete(id);
  }
}
