// A breakpoint in a TypeScript file, set by a client of the inspector protocol, in a service's thread.
import { spawn } from 'node:child_process';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeProject, REPOSITORY } from '../support/project.ts';

const SOURCE = [
  'interface Erased { readonly name: string }',
  'enum Tone { Calm = "calm" }',
  '',
  'function greet({ name }: Erased): string {',
  "  const text = [name, Tone.Calm].join(' ');",
  '  const loud = text.toUpperCase();',
  '  return loud;',
  '}',
  "export default (q: unknown, r: import('node:http').ServerResponse) => r.end(greet({ name: 'tea' }));",
].join('\n');

/** The same, with what oxc compiles before esbuild. */
const DECORATED = [
  "import 'reflect-metadata'; import { createServer, type ServerResponse } from 'node:http';",
  'enum Tone { Calm = "calm" }  const Dec: any = () => () => {}; interface Erased { name: string }',
  '@Dec() class Greeter { constructor(private readonly tone: Tone) {}',
  '  @Dec() greet({ name }: Erased): string {',
  "    const text = [name, this.tone].join(' ');",
  '    const loud = text.toUpperCase();',
  '    return loud;',
  '  } }',
  "createServer((q, r: ServerResponse) => r.end(new Greeter(Tone.Calm).greet({ name: 'tea' }))).listen(3000);",
].join('\n');

const METADATA = '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }';

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
}

/** A session with the main thread's inspector, and through it with one worker (domain NodeWorker). */
class Debugger {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: Record<string, unknown>) => void>();
  readonly #listeners = new Set<(message: Message, worker: string | null) => void>();
  #next = 1;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('message', ({ data }) =>
      this.#take(JSON.parse(String(data)) as Message, null),
    );
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#socket.addEventListener('open', () => resolve()));
  }

  send(method: string, params: object = {}, worker: string | null = null): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const message = JSON.stringify({ id, method, params });
    const envelope = {
      id: this.#next++,
      method: 'NodeWorker.sendMessageToWorker',
      params: { sessionId: worker, message },
    };
    this.#socket.send(worker === null ? message : JSON.stringify(envelope));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  once(
    method: string,
    matches: (params: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      const listener = ({ method: name, params = {} }: Message): void => {
        if (name !== method || !matches(params)) return;
        this.#listeners.delete(listener);
        resolve(params);
      };
      this.#listeners.add(listener);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #take(message: Message, worker: string | null): void {
    if (message.method === 'NodeWorker.receivedMessageFromWorker') {
      const { sessionId, message: inner } = message.params as { sessionId: string; message: string };
      this.#take(JSON.parse(inner) as Message, sessionId);
    } else if (message.id !== undefined) this.#waiting.get(message.id)?.(message.result ?? {});
    for (const listener of [...this.#listeners]) listener(message, worker);
  }
}

test.each([
  ['TypeScript source', { 'services/foo/index.ts': SOURCE }],
  ['decorated class', { 'services/foo/index.ts': DECORATED, 'services/foo/tsconfig.json': METADATA }],
])('a breakpoint in a %s is hit at its line, with its variables', async (_what, files) => {
  using project = makeProject({ files });
  const file = project.path('services', 'foo', 'index.ts');
  const main = join(REPOSITORY, 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', main, 'foo', '--json'], {
    cwd: project.root,
  });
  const text = (stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      let all = '';
      stream.on('data', (chunk: Buffer) => {
        all += chunk.toString();
        const found = pattern.exec(all)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
  const up = text(child.stdout, /"event":"up".*?"url":"([^"]+)"/);
  const session = new Debugger(await text(child.stderr, /(ws:\/\/\S+)/));
  await session.open();
  const url = await up;
  const attached = session.once('NodeWorker.attachedToWorker');
  await session.send('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const worker = String((await attached).sessionId);
  const parsed = session.once('Debugger.scriptParsed', (params) => params.url === pathToFileURL(file).href);
  await session.send('Debugger.enable', {}, worker);
  const { sourceMapURL, scriptId } = await parsed;

  // As an editor does: from the line of the source, by the map, to the place in the script.
  const map = new SourceMap(
    JSON.parse(Buffer.from(String(sourceMapURL).split(',')[1] ?? '', 'base64').toString()),
  );
  const { scriptSource } = await session.send('Debugger.getScriptSource', { scriptId }, worker);
  const lines = String(scriptSource).split('\n');
  const firstColumn = (index: number): number => lines[index]?.search(/\S/) ?? 0;
  const lineNumber = lines.findIndex((_line, index) => {
    const entry = map.findEntry(index, firstColumn(index));
    return 'originalLine' in entry && entry.originalLine === 5; // counted from 0
  });
  await session.send('Debugger.setBreakpointByUrl', { lineNumber, url: pathToFileURL(file).href }, worker);
  const paused = session.once('Debugger.paused');
  const answer = fetch(url).then((response) => response.text());
  const [frame] = (await paused).callFrames as {
    callFrameId: string;
    functionName: string;
    location: { lineNumber: number };
  }[];
  expect(frame?.functionName).toBe('greet');
  const at = frame?.location.lineNumber ?? 0;
  const origin = map.findEntry(at, firstColumn(at));
  expect(origin).toMatchObject({ originalLine: 5, originalSource: 'index.ts' });
  const { result } = await session.send(
    'Debugger.evaluateOnCallFrame',
    { callFrameId: frame?.callFrameId, expression: 'text' },
    worker,
  );
  expect(result).toMatchObject({ value: 'tea calm' });
  await session.send('Debugger.resume', {}, worker);
  expect(await answer).toBe('TEA CALM');
  session.close();
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('exit', resolve));
});
