// Where a thread is: its call stack, taken from outside through the inspector, while its event loop is blocked.
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { within } from '../within.ts';
import type { Sighting } from './placement.ts';
import { ThreadInspector } from './thread-inspector.ts';

/** How long the thread may take to answer, in milliseconds: on a busy machine half a second. In native code it does not. */
const ANSWER_MS = 1000;
/** How much of its heap must be free, in megabytes; and a quarter of it. */
const FREE_MB = 64;
const BYTES_PER_MB = 1024 * 1024;
/** How many frames are worth showing. */
const MOST_FRAMES = 20;

interface Script {
  readonly url: string;
  readonly sourceMapURL: string;
}

/** Its own `url` is empty for what was loaded as a module: the script knows it. */
interface CallFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/**
 * The call stack of a thread of this process as text, mapped to its sources, without the frames of Node itself. Pauses
 * the thread for a moment and leaves nothing attached.
 * @param heapMb the limit of its heap
 */
export async function lookIntoThread(worker: Worker, threadId: number, heapMb: number): Promise<Sighting> {
  const inspector = process.getBuiltinModule('node:inspector');
  // Undefined where Node was built without it. A pause of ours would be in the way of who debugs.
  if (inspector === undefined || inspector.url() !== undefined) return { stack: null, hiddenBy: 'debugger' };
  const heap = await within(worker.getHeapStatistics(), ANSWER_MS).catch(() => null);
  if (heap === null) return { stack: null, hiddenBy: 'native' };
  // V8's debugger takes over what Node does about a full heap: a thread that fills it while one is attached would end
  // the whole process.
  const freeMb = heapMb - heap.used_heap_size / BYTES_PER_MB;
  if (freeMb < Math.max(FREE_MB, heapMb / 4)) return { stack: null, hiddenBy: 'memory' };
  // It goes on until the thread has answered, even if that is too late for us.
  const text = await within(pausedStack(threadId), ANSWER_MS).catch(() => null);
  return text === null ? { stack: null, hiddenBy: 'native' } : { stack: text };
}

/** True when a debugger has this process: a thread that does not answer may stand at a breakpoint. */
export function isDebugged(): boolean {
  return process.getBuiltinModule('node:inspector')?.url() !== undefined;
}

/** Null when the thread has ended. */
async function pausedStack(threadId: number): Promise<string | null> {
  const scripts = new Map<string, Script>();
  let hasPaused: (frames: readonly CallFrame[]) => void = () => undefined;
  const paused = new Promise<readonly CallFrame[]>((resolve) => {
    hasPaused = resolve;
  });
  const thread = await ThreadInspector.attach(threadId, (method, params) => {
    const { scriptId, url = '', sourceMapURL = '' } = params as Partial<Script> & { scriptId?: string };
    if (method === 'Debugger.scriptParsed') scripts.set(String(scriptId), { url, sourceMapURL });
    if (method === 'Debugger.paused') hasPaused(params.callFrames as readonly CallFrame[]);
  });
  if (thread === null) return null;
  try {
    const isThere = (await thread.send('Debugger.enable')) && (await thread.send('Debugger.pause'));
    if (!isThere) return null;
    const frames = await Promise.race([paused, thread.ended]);
    if (frames === null) return null;
    const stack = stackText(frames, scripts);
    // It must run again before we are gone.
    await thread.send('Debugger.resume');
    return stack;
  } finally {
    thread.close();
  }
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
  { functionName, url, location }: CallFrame & { url: string },
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
