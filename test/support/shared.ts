// Runs of services that share a thread.
import { createServer } from 'node:net';
import { type LogLine, type StartUberOptions, startUber, type UberHandle } from '../../launcher/index.ts';
import type { TestProject } from './project.ts';

/** A server that answers what `answer` makes. */
export const serve = (answer: string): string =>
  `require('http').createServer(async (q, r) => { r.end(JSON.stringify(await (${answer})(q) ?? null)); }).listen(3000);`;

/** A run of all services of a project in shared threads. */
export async function startShared(project: TestProject, options: StartUberOptions = {}) {
  const lines: LogLine[] = [];
  const uber = await startUber({
    cwd: project.root,
    isolation: 'shared',
    onLog: (line) => lines.push(line),
    ...options,
  });
  const ask = async (service: string, path = ''): Promise<unknown> =>
    (await fetch(uber.url(service) + path)).json();
  const linesOf = (service: string): string[] =>
    lines.filter((line) => line.service === service).map(({ text }) => text);
  return { uber, ask, linesOf, lines, [Symbol.asyncDispose]: () => uber.stop() };
}

/** For example `ready 1`: the state, and which life it is. */
export function stateOf(uber: UberHandle, service: string): string {
  const { state, incarnation } = uber.snapshot().services.find((each) => each.service === service) ?? {};
  return `${state} ${incarnation}`;
}

/** Resolves when the service has come to the state. */
export function until(uber: UberHandle, service: string, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (stateOf(uber, service) !== wanted) return;
      off();
      resolve();
    };
    const off = uber.on('state', () => setImmediate(look));
    look();
  });
}

/** A server that knows who is connected. */
export async function listenAnywhere() {
  const open = new Set<unknown>();
  const waiting = new Set<() => void>();
  let total = 0;
  const server = createServer((socket) => {
    total += 1;
    open.add(socket);
    socket
      .on('error', () => undefined)
      .once('close', () => {
        open.delete(socket);
        for (const look of waiting) look();
      });
    socket.resume();
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    get total() {
      return total;
    },
    count: (wanted: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => void (open.size === wanted && resolve());
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async (): Promise<void> => void server.close(),
  };
}

/** Resolves when there is no such process. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
