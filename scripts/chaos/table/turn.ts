// One turn of a row of the fault table: a run of five services under load, the fault of one, and what came of it.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type LogLine, startUber, type UberHandle } from '../../../launcher/index.ts';
import type { PlacementName } from '../../../launcher/types.ts';
import type { Leftovers } from '../../bench/leftovers.ts';
import { machineMs } from '../clock.ts';
import { processesOf, stillOpen } from '../faults/leftovers.ts';
import { type Load, startLoad } from '../load/load.ts';
import type { Noted } from '../load/messages.ts';
import { leftRuns, writeFiles } from '../project.ts';
import { diesAndIsTold } from './died.ts';
import { askFault, OTHERS, projectFiles, REQUESTS, type Told, type Turn } from './project.ts';
import type { FaultRow, Outcome } from './rows.ts';

/** Longest time until a fault and what follows on it is over, in milliseconds. */
const OVER_MS = 60_000;
/** No answer of foo within this time is none, in milliseconds. */
const ANSWER_MS = 10_000;
/** How often it is looked whether nothing is left, and the time between, in milliseconds. */
const MOST_LOOKS = 200;
const BETWEEN_MS = 20;

/** Plays a row once. What went wrong is in the result; `judge` says what of it is a mistake. */
export async function takeTurn(row: FaultRow, placement: PlacementName, leftovers: Leftovers): Promise<Turn> {
  const outcome = row.outcomes[placement];
  if (outcome === undefined) throw new Error(`"${row.title}" is not for placement ${placement}`);
  const root = writeFiles(leftovers, projectFiles(row, placement));
  if (outcome.sequel === 'run ends') return diesAndIsTold(root, leftovers);
  const scene = new Scene(row, outcome);
  const uber = await startUber({ cwd: root, restart: 'on-failure', onLog: (line) => scene.takeLine(line) });
  const { runId } = uber;
  const urls = Object.values(uber.urls);
  try {
    const load = loadOn(uber, leftovers, (failed) => scene.failed.push(failed));
    const turn = await scene.play(uber, load);
    await uber.stop();
    return { ...turn, left: await leftOf({ root, urls, runId }) };
  } finally {
    await uber.stop();
  }
}

/** The load on all but foo: fresh and kept connections in turn. */
function loadOn(uber: UberHandle, leftovers: Leftovers, onFailed: (text: string) => void): Load {
  return startLoad({
    leftovers,
    targets: OTHERS.map((service) => ({ service, url: uber.url(service) })),
    ratePerSecond: 50,
    onNoted: ({ service, reason }: Noted) => {
      if (reason !== null) onFailed(`${service}: ${reason}`);
    },
  });
}

/** Follows the run of one turn. */
class Scene {
  readonly #row: FaultRow;
  readonly #outcome: Outcome;
  readonly #told: Told[] = [];
  readonly #lines: string[] = [];
  readonly failed: string[] = [];
  #look: () => void = () => undefined;
  #readyMs: number | null = null;

  constructor(row: FaultRow, outcome: Outcome) {
    this.#row = row;
    this.#outcome = outcome;
  }

  takeLine({ service, text }: LogLine): void {
    // A flood need not be kept.
    if (service !== 'foo' || text.length > 500) return;
    this.#lines.push(text);
    this.#look();
  }

  async play(uber: UberHandle, load: Load): Promise<Omit<Turn, 'left'>> {
    const port = portOf(uber);
    this.#follow(uber);
    await load.more(REQUESTS / 3);
    const faultMs = await this.#trigger(uber, port);
    const isOver = await this.#untilOver(uber);
    await load.more(REQUESTS);
    const { sequel } = this.#outcome;
    const answers = isOver && sequel !== 'given up' ? await answerOf(uber) : null;
    await load.stop();
    const told = [...this.#told];
    const foo = uber.snapshot().services.find(({ service }) => service === 'foo');
    return {
      told,
      lines: this.#lines,
      answered: load.answered,
      failed: this.failed,
      state: foo?.state ?? 'idle',
      incarnation: foo?.incarnation ?? 0,
      isSamePort: foo?.ready == null || foo.ready.port === port,
      answers,
      againMs: sequel === 'ready again' && this.#readyMs !== null ? this.#readyMs - faultMs : null,
    };
  }

  #follow(uber: UberHandle): void {
    const take = ({ service, error }: { service: string | null; error: Told }): void => {
      const { code, message, lastLines } = error;
      this.#told.push({ service, code, message, lastLines });
      this.#look();
    };
    uber.on('fault', take);
    uber.on('failed', take);
    uber.on('state', () => this.#look());
    uber.on('ready', (row) => {
      if (row.service !== 'foo') return;
      this.#readyMs = machineMs();
      this.#look();
    });
  }

  /** Returns the moment from which the way back is measured. */
  async #trigger(uber: UberHandle, port: number): Promise<number> {
    if (this.#row.trigger === 'stopped') {
      const beganMs = machineMs();
      await uber.restart('foo');
      return beganMs;
    }
    const thief = createServer((socket) => socket.destroy());
    const isOff = new Promise<void>((resolve) => {
      if (this.#row.trigger !== 'port') return resolve();
      uber.on('state', ({ service, state, incarnation }) => {
        if (service === 'foo' && state === 'backoff' && incarnation === 1)
          thief.listen(port, '127.0.0.1', resolve);
      });
    });
    const faultMs = await askFault(uber.url('foo'));
    await isOff;
    if (this.#row.trigger !== 'port') return faultMs;
    await this.#until(() => this.#told.some(({ code }) => code === 'PORT_STOLEN'));
    const freeMs = machineMs();
    thief.close();
    await once(thief, 'close');
    return freeMs;
  }

  /** False when it took too long. */
  #untilOver(uber: UberHandle): Promise<boolean> {
    const { incarnation } = this.#row;
    const { codes, says, sequel } = this.#outcome;
    return this.#until(() => {
      const isSaid =
        this.#told.some(({ message }) => says.test(message)) || this.#lines.some((line) => says.test(line));
      if (this.#told.length < codes.length || !isSaid) return false;
      const foo = uber.snapshot().services.find(({ service }) => service === 'foo');
      if (sequel === 'given up') return foo?.state === 'failed';
      return foo?.state === 'ready' && foo.incarnation >= incarnation;
    });
  }

  #until(condition: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isMet: boolean): void => {
        clearTimeout(timer);
        this.#look = () => undefined;
        resolve(isMet);
      };
      const timer = setTimeout(finish, OVER_MS, false);
      this.#look = () => {
        if (condition()) finish(true);
      };
      this.#look();
    });
  }
}

function portOf(uber: UberHandle): number {
  return Number(new URL(uber.url('foo')).port);
}

async function answerOf(uber: UberHandle): Promise<string | null> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await fetch(uber.url('foo'), { headers: { connection: 'close' }, signal });
    return await response.text();
  } catch {
    return null;
  }
}

/** What was there of a run: processes, and a thread that could not be ended, take a moment to go. */
async function leftOf(run: { root: string; urls: string[]; runId: string }): Promise<string[]> {
  const look = async (): Promise<string[]> => [
    ...leftRuns(run.root),
    ...(await stillOpen(run.urls)),
    ...processesOf(run.runId).map((pid) => `process ${pid}`),
  ];
  let left = await look();
  for (let looks = 0; looks < MOST_LOOKS && left.length > 0; looks += 1) {
    await pause(BETWEEN_MS);
    left = await look();
  }
  return left;
}
