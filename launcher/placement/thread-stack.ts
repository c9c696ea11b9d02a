// Where a thread is: its call stack, taken from outside through the inspector, while its event loop is blocked.
import type { Session } from 'node:inspector';
import { SourceMap } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { within } from '../within.ts';
import type { Sighting } from './placement.ts';

/** How long the thread may take to answer, in milliseconds: on a busy machine half a second. In native code it does not. */
const ANSWER_MS = 1000;
/** How much of its heap must be free at the end, in megabytes. */
const FREE_MB = 64;
/** Pause between two looks at the heap, and how long we may be attached then, in milliseconds. */
const BETWEEN_MS = 100;
const ATTACHED_MS = 2000;
const BYTES_PER_MB = 1024 * 1024;
/** How many frames are worth showing. */
const MOST_FRAMES = 20;

interface Script {
  readonly url: string;
  readonly sourceMapURL: string;
}

/** Its own `url` is empty for what was loaded as a module: the script knows it. */
interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/** What the thread's debugger says (Chrome DevTools Protocol, domain Debugger), as far as it is read here. */
interface Said {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly sourceMapURL?: string;
    readonly callFrames?: readonly CallFrame[];
  };
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** What a look has found. */
interface Found {
  readonly stack: string | null;
  /** What the thread has answered to the question. */
  readonly answer: unknown;
}

/**
 * The call stack of a thread of this process as text, mapped to its sources, without the frames of Node itself. Pauses
 * the thread for a moment and leaves nothing attached.
 * @param heapMb the limit of its heap
 * @param question an expression that the thread is to evaluate where it is
 * @returns with what that has given as `answer`
 */
export async function lookIntoThread(
  worker: Worker,
  threadId: number,
  { heapMb, question = null }: { heapMb: number; question?: string | null },
): Promise<Sighting & { readonly answer?: unknown }> {
  const inspector = process.getBuiltinModule('node:inspector');
  // Undefined where Node was built without it. A pause of ours would be in the way of who debugs.
  if (inspector === undefined || inspector.url() !== undefined) return { stack: null, hiddenBy: 'debugger' };
  const hiddenBy = await reasonNotToAttach(worker, heapMb);
  if (hiddenBy !== null) return { stack: null, hiddenBy };
  const session = new inspector.Session();
  // Detached when the thread has answered, even if that is too late for us: one that stops after its debugger has gone
  // would never run again.
  const look = pausedStack(session, threadId, question).finally(() => session.disconnect());
  const found = await within(
    look.catch(() => null),
    ANSWER_MS,
  );
  if (found === null) return { stack: null, hiddenBy: 'native' };
  const { stack, answer } = found;
  return stack === null ? { stack, hiddenBy: 'native', answer } : { stack, answer };
}

/**
 * V8's debugger takes over what Node does about a full heap: a thread that fills it while one is attached would hang, or
 * end the whole process. So it must have room for what it may take meanwhile.
 */
async function reasonNotToAttach(worker: Worker, heapMb: number): Promise<'native' | 'memory' | null> {
  const before = await within(
    worker.getHeapStatistics().catch(() => null),
    ANSWER_MS,
  );
  await pause(BETWEEN_MS);
  const after = await within(
    worker.getHeapStatistics().catch(() => null),
    ANSWER_MS,
  );
  // It is code of the thread's engine that answers: not while native code runs.
  if (before === null || after === null) return 'native';
  const grownMb = Math.max(0, after.used_heap_size - before.used_heap_size) / BYTES_PER_MB;
  const neededMb = FREE_MB + grownMb * (ATTACHED_MS / BETWEEN_MS);
  return heapMb - after.used_heap_size / BYTES_PER_MB < neededMb ? 'memory' : null;
}

/** True when a debugger has this process: a thread that does not answer may stand at a breakpoint. */
export function isDebugged(): boolean {
  return process.getBuiltinModule('node:inspector')?.url() !== undefined;
}

const ENABLE = 1;
const PAUSE = 2;
const RESUME = 3;
const DISABLE = 4;
const ASK = 5;

/** Resolves when the thread runs again, or has ended. */
function pausedStack(session: Session, threadId: number, question: string | null): Promise<Found> {
  return new Promise((resolve, reject) => {
    session.connect();
    const scripts = new Map<string, Script>();
    let stack: string | null = null;
    let answer: unknown;
    let ours: string | null = null;
    const send = (id: number, method: string, params: object = {}): void => {
      const message = JSON.stringify({ id, method, params });
      session.post('NodeWorker.sendMessageToWorker', { sessionId: String(ours), message });
    };
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // The title begins with `[worker 3]`; the id it has beside it is not that of the thread.
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      ours = params.sessionId;
      send(ENABLE, 'Debugger.enable');
      send(PAUSE, 'Debugger.pause');
    });
    session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      if (params.sessionId === ours) resolve({ stack: null, answer });
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== ours) return;
      const said = JSON.parse(params.message) as Said;
      const { scriptId, url = '', sourceMapURL = '', callFrames } = said.params ?? {};
      if (said.method === 'Debugger.scriptParsed') scripts.set(String(scriptId), { url, sourceMapURL });
      if (said.method === 'Debugger.paused') {
        stack = stackText(callFrames ?? [], scripts);
        const [top] = callFrames ?? [];
        if (question !== null && top !== undefined)
          send(ASK, 'Debugger.evaluateOnCallFrame', {
            callFrameId: top.callFrameId,
            expression: question,
            silent: true,
          });
        // Taken in this order: the thread runs again when it has answered.
        send(RESUME, 'Debugger.resume');
        send(DISABLE, 'Debugger.disable');
      }
      if (said.id === ASK) answer = said.result?.result?.value;
      // Not before: it must run again when we are gone. A debugger that is not turned off stays on without us, and stops
      // the thread for good when its heap is full.
      if (said.id === DISABLE) resolve({ stack, answer });
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
      if (error !== null) reject(error);
      // All threads there are have been told by now.
      else if (ours === null) resolve({ stack: null, answer });
    });
  });
}

function stackText(frames: readonly CallFrame[], scripts: ReadonlyMap<string, Script>): string | null {
  const maps = new Map<string, SourceMap | null>();
  const mapOf = (scriptId: string): SourceMap | null => {
    const known = maps.get(scriptId);
    if (known !== undefined) return known;
    const map = readMap(scripts.get(scriptId)?.sourceMapURL);
    maps.set(scriptId, map);
    return map;
  };
  const lines = frames.flatMap(({ functionName, location }) => {
    const url = scripts.get(location.scriptId)?.url ?? '';
    if (url === '' || url.startsWith('node:')) return [];
    return [frameText({ functionName, url, location }, mapOf(location.scriptId))];
  });
  return lines.length === 0 ? null : lines.slice(0, MOST_FRAMES).join('\n');
}

/** As V8 writes it. */
function frameText(
  { functionName, url, location }: Omit<CallFrame, 'callFrameId'> & { url: string },
  map: SourceMap | null,
): string {
  const { lineNumber, columnNumber } = location;
  const entry = map?.findEntry(lineNumber, columnNumber);
  const isMapped = entry !== undefined && 'originalLine' in entry;
  // The map's one source is the script itself: compiled files keep the URL of their source.
  const line = (isMapped ? entry.originalLine : lineNumber) + 1;
  const column = (isMapped ? entry.originalColumn : columnNumber) + 1;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const place = `${path}:${line}:${column}`;
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
}

/** Null when there is none, and for one that cannot be read: the line of what runs is still true. */
function readMap(dataUrl: string | undefined): SourceMap | null {
  if (dataUrl?.startsWith('data:') !== true) return null;
  try {
    const [head = '', body = ''] = dataUrl.split(',', 2);
    const text = head.endsWith(';base64')
      ? Buffer.from(body, 'base64').toString('utf8')
      : decodeURIComponent(body);
    return new SourceMap(JSON.parse(text));
  } catch {
    return null;
  }
}
