// A project whose run is killed again and again, and what is found of the dead.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { makeProject, type TestProject } from './project.ts';
import { runUber, UberProcess } from './uber-process.ts';

/** What a service starts and what neither a signal nor a closed pipe ends. */
const STUBBORN = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)";
const SPAWNS = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}], { stdio: 'ignore' });`;
const LISTENS = "require('http').createServer((request, response) => response.end('hello')).listen(3000);";
/** Too long for a data directory: it is put below the temporary folder. */
const SOCKET = `app-${'x'.repeat(80)}.sock`;
/** Behind the answer to the probe: before it, it would not become ready. */
const BLOCKS = `require('http').createServer((request, response) => response.end('hello', () => setTimeout(
  () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 10))).listen(3000);`;

/** A thread with a child, a process with a child, a process that is blocked, a socket elsewhere, a data file. */
const FILES = {
  'uber.config.json': JSON.stringify({
    services: {
      own: { placement: 'process' },
      blocked: { placement: 'process', stopGraceMs: 200, ready: { http: '/' } },
      foo: { dependsOn: ['own'] },
    },
  }),
  'services/foo.ts': `import { spawn } from 'node:child_process';
    import { createServer } from 'node:http';
    spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}], { stdio: 'ignore' });
    createServer((_request, response) => void response.end('hello')).listen(3000);`,
  'services/own.cjs': `${SPAWNS} ${LISTENS}`,
  'services/blocked.cjs': BLOCKS,
  'services/bar.cjs': `
    require('fs').writeFileSync(process.env.UBER_DATA_DIR + '/data', 'x'.repeat(1e6));
    require('net').createServer().listen('${SOCKET}', () => ${LISTENS.slice(0, -1)});`,
};

/** One project; its runs are started one after the other. */
export class Victim implements Disposable {
  readonly #project: TestProject = makeProject({ files: FILES, packages: false });
  readonly #env: Record<string, string>;

  constructor() {
    mkdirSync(this.#project.path('tmp'));
    this.#env = { TMPDIR: this.#project.path('tmp'), UBER_VICTIM: this.#project.root };
  }

  start(): UberProcess {
    return new UberProcess(['up', '--json'], { cwd: this.#project.root, env: this.#env });
  }

  /** All that is there of other runs than the live one: folders, sockets, processes. */
  remains(liveRun: string): string[] {
    const sockets = readdirSync(this.#project.path('tmp')).filter((name) => name.endsWith('.sock'));
    return [...this.#project.leftRuns(), ...sockets]
      .filter((name) => !name.includes(liveRun))
      .concat(this.#processes().filter((run) => run !== liveRun));
  }

  /** Resolves when nothing is left: what was killed takes a moment. In vain, the test runs out of time. */
  async untilClean(liveRun: string): Promise<void> {
    while (this.remains(liveRun).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async staleFindings(): Promise<unknown[]> {
    const { stdout } = await runUber(['doctor', '--json'], { cwd: this.#project.root, env: this.#env });
    return stdout.split('\n').filter((line) => line.includes('"stale-run"'));
  }

  [Symbol.dispose](): void {
    this.#project[Symbol.dispose]();
  }

  /** The run of each process that belongs to one. Elsewhere than on Linux nobody can ask that in passing. */
  #processes(): string[] {
    if (!existsSync('/proc/self/environ')) return [];
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      const variables = readEnvironment(pid);
      if (!variables.includes(`UBER_VICTIM=${this.#project.root}`)) return [];
      const run = variables.find((variable) => variable.startsWith('UBER_RUN_ID='));
      return run === undefined ? [] : [run.slice('UBER_RUN_ID='.length)];
    });
  }
}

function readEnvironment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return []; // Gone meanwhile, or another user's.
  }
}

/** When a launcher is killed. */
export const MOMENTS = ['start', 'run', 'stop'] as const;

/** A number from 0 to 1. */
type Random = () => number;

/** Kills a launcher at a random moment of its start, its run or its stop. */
export async function killAt(
  uber: UberProcess,
  moment: (typeof MOMENTS)[number],
  random: Random,
): Promise<void> {
  const [START_MS, STOP_MS] = [700, 500];
  if (moment !== 'start') await uber.event('up');
  if (moment === 'stop') uber.kill('SIGTERM');
  if (moment !== 'run')
    await new Promise((resolve) => setTimeout(resolve, random() * (moment === 'start' ? START_MS : STOP_MS)));
  uber.kill('SIGKILL');
  await uber.ended;
}

/** Mulberry32, a public-domain generator by Tommy Ettinger: the same seed gives the same numbers. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
