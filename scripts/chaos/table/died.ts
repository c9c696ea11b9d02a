// The turn of a fault that ends the process of all: the next run must tell it, clean up, and work.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Leftovers } from '../../bench/leftovers.ts';
import { machineMs } from '../clock.ts';
import { processesOf } from '../faults/leftovers.ts';
import { startLoad } from '../load/load.ts';
import { leftRuns, UBER_PROGRAM } from '../project.ts';
import { ABOUT_TO_FAIL } from './programs.ts';
import { askFault, OTHERS, REQUESTS, type Turn } from './project.ts';

/** Kills the launcher of a project by the fault of foo, and starts the next. */
export async function diesAndIsTold(root: string, leftovers: Leftovers): Promise<Turn> {
  const first = new Command(root, leftovers);
  const { run, services } = await first.event('up');
  const url = urlOf(services, 'foo');
  // Its line must be in its log before the process ends.
  const isWritten = first.event('log');
  await (await fetch(`${url}/say`, { headers: { connection: 'close' } })).text();
  await isWritten;
  await askFault(url);
  const signal = await first.ended;
  const beganMs = machineMs();
  const second = new Command(root, leftovers);
  const [swept, up] = await Promise.all([second.event('swept'), second.event('up')]);
  const upMs = machineMs();
  const failed: string[] = signal === null ? ['the run ended without a signal'] : [];
  const load = startLoad({
    leftovers,
    targets: OTHERS.map((service) => ({ service, url: urlOf(up.services, service) })),
    ratePerSecond: 50,
    onNoted: ({ service, reason }) => {
      if (reason !== null) failed.push(`${service}: ${reason}`);
    },
  });
  await load.more(REQUESTS);
  await load.stop();
  const answer = await fetch(urlOf(up.services, 'foo'), { headers: { connection: 'close' } });
  const answers = await answer.text();
  second.stop();
  await second.ended;
  const runs = [run, up.run].map(String);
  return {
    told: [
      {
        service: 'foo',
        code: String(swept.code),
        message: String(swept.message),
        lastLines: (swept.lastLines as string[]).map((line) => line.replace(/^foo \| /, '')),
      },
    ],
    lines: [ABOUT_TO_FAIL],
    answered: load.answered,
    failed,
    state: 'ready',
    incarnation: 1,
    isSamePort: true,
    answers,
    againMs: upMs - beganMs,
    left: [...leftRuns(root), ...runs.flatMap((id) => processesOf(id).map((pid) => `process ${pid}`))],
  };
}

/** An event of `--json`. */
type JsonEvent = Readonly<Record<string, unknown>>;

/** `uber up --json` in a project. */
class Command {
  /** The signal that ended it, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly stop: () => void;
  readonly #events: JsonEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  constructor(root: string, leftovers: Leftovers) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = leftovers.child(
      spawn(process.execPath, [UBER_PROGRAM, 'up', '--json'], {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    this.stop = () => void child.kill('SIGTERM');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as JsonEvent);
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (_code, signal) => {
        this.#hasEnded = true;
        this.#look();
        resolve(signal);
      });
    });
  }

  /** The first event of a name. Rejects when the command ends before. */
  event(name: string): Promise<JsonEvent> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#events.find(({ event }) => event === name);
        if (found === undefined && !this.#hasEnded) return;
        this.#waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`uber ended without the event "${name}"`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

function urlOf(services: unknown, name: string): string {
  const rows = services as readonly { readonly service: string; readonly url: string }[];
  const row = rows.find(({ service }) => service === name);
  if (row === undefined) throw new Error(`${name} is not up`);
  return row.url;
}
