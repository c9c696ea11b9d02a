// One live run of a side: its processes, the addresses its services print, what it uses, and its end.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Project } from '../project/project.ts';
import type { BenchTools } from '../scenario.ts';
import type { Command, PreparedSide } from '../sides/side.ts';
import { HAS_PROCESS_USAGE, treeCpuMs, treePids, treePssMb } from './process-usage.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Longest boot and longest stop before the run counts as broken, in milliseconds. */
const BOOT_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 20_000;
/** Lines that are told of a run which does not come up. */
const LAST_LINES = 5;
/** Would change what is measured, and not on all sides alike. */
const UNWANTED_ENV = /^(NODE_|npm_|PORT$|HOST$|UBER_|FORCE_COLOR$)/i;
/** What each service of the benchmark prints. */
const ADDRESS = /\b(s\d+) listens on (http:\/\/[\d.]+:\d+(?:\/s\d+)?)/;

export interface RunOptions {
  readonly side: PreparedSide;
  readonly project: Project;
  readonly tools: BenchTools;
  /** True for a run whose services will be started again. */
  readonly isRestartable?: boolean;
}

/** What a run uses now; null where the system does not tell. */
export interface Usage {
  /** User and system time of all processes since they were spawned, in milliseconds. */
  readonly cpuMs: number | null;
  /** Proportional memory of all processes, in MB. */
  readonly pssMb: number | null;
  readonly processes: number | null;
}

/** Begun by {@link startRun}. Every run has to be stopped. */
export class Run {
  readonly #options: RunOptions;
  readonly #commands: readonly Command[];
  readonly #children: Child[];
  readonly #urls = new Map<string, string>();
  readonly #lines: string[] = [];
  #isUp: boolean;
  #onChange: () => void = () => undefined;
  #isStopping = false;

  constructor(options: RunOptions) {
    const { side, project, isRestartable = false } = options;
    this.#options = options;
    this.#isUp = side.upLine === null || isRestartable;
    this.#commands =
      isRestartable && side.restartable !== null
        ? side.restartable.commands(project)
        : side.commands(project);
    this.#children = this.#commands.map((command) => this.#spawn(command));
  }

  /**
   * Resolves when every service has printed its address and the launcher, if there is one that says so, is up.
   * @throws Error with the last lines when a process ends before that, or when it takes too long
   */
  async up(): Promise<void> {
    const { services } = this.#options.project;
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => reject(new Error([what, ...this.#lines].join('\n  ')));
      const timer = setTimeout(() => fail(`not up after ${BOOT_LIMIT_MS / 1000} s`), BOOT_LIMIT_MS);
      this.#onChange = () => {
        const ended = this.#children.find(hasEnded);
        if (this.#isUp && this.#urls.size === services.length) resolve();
        else if (ended === undefined) return;
        else fail(`ended with ${ended.signalCode ?? ended.exitCode} before it was up`);
        clearTimeout(timer);
      };
      this.#onChange();
    });
  }

  /** Where a service is now: the address it has printed last. */
  url(name: string): string {
    const url = this.#urls.get(name);
    if (url === undefined) throw new Error(`${name} has not said where it listens`);
    return url;
  }

  usage(): Usage {
    if (!HAS_PROCESS_USAGE) return { cpuMs: null, pssMb: null, processes: null };
    const pids = this.#children.flatMap(({ pid }) => pid ?? []);
    const total = (of: (pid: number) => number): number => pids.reduce((sum, pid) => sum + of(pid), 0);
    return {
      cpuMs: total(treeCpuMs),
      pssMb: total(treePssMb),
      processes: total((pid) => treePids(pid).length),
    };
  }

  /** Writes a line to the first process. */
  write(line: string): void {
    this.#children[0]?.stdin.write(`${line}\n`);
  }

  /** Kills the process of a service and starts it again. For sides with a process each. */
  respawn(name: string): void {
    const index = this.#options.project.services.findIndex((service) => service.name === name);
    const [child, command] = [this.#children[index], this.#commands[index]];
    if (child === undefined || command === undefined) throw new Error(`${name} has no process of its own`);
    child.kill('SIGKILL');
    this.#children[index] = this.#spawn(command);
  }

  /**
   * Asks all processes to end, and ends what is left of them.
   * @throws Error when one had ended before, or does not end
   */
  async stop(): Promise<void> {
    const ended = this.#children.find(hasEnded);
    this.#isStopping = true;
    const { leftovers } = this.#options.tools;
    try {
      if (ended !== undefined) throw new Error(['ended by itself', ...this.#lines].join('\n  '));
      await Promise.all(this.#children.map(stopChild));
    } finally {
      for (const child of this.#children) leftovers.endGroup(child);
    }
  }

  #spawn({ args, env = {} }: Command): Child {
    const { project, tools } = this.#options;
    const inherited = Object.entries(process.env).filter(([key]) => !UNWANTED_ENV.test(key));
    const child = tools.leftovers.group(
      spawn(process.execPath, [...args], {
        cwd: project.root,
        env: { ...Object.fromEntries(inherited), ...env },
        detached: process.platform !== 'win32',
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
    // Read to the end: a full pipe would stop the launcher.
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
    child.stdin.on('error', () => undefined); // It has ended: told by its exit.
    child.once('exit', () => this.#onChange());
    return child;
  }

  #take(line: string): void {
    if (this.#isStopping) return;
    this.#lines.push(line);
    if (this.#lines.length > LAST_LINES) this.#lines.shift();
    const [, name, url] = ADDRESS.exec(line) ?? [];
    if (name !== undefined && url !== undefined) this.#urls.set(name, url);
    if (this.#options.side.upLine?.test(line)) this.#isUp = true;
    this.#onChange();
  }
}

/** Begins a run and waits until it is up. When it does not come up nothing of it is left. */
export async function startRun(options: RunOptions): Promise<Run> {
  const run = new Run(options);
  try {
    await run.up();
    return run;
  } catch (error) {
    await run.stop().catch(() => undefined);
    throw error;
  }
}

function hasEnded({ exitCode, signalCode }: Child): boolean {
  return exitCode !== null || signalCode !== null;
}

async function stopChild(child: Child): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  const [, signal] = await exited;
  clearTimeout(timer);
  if (signal === 'SIGKILL') throw new Error(`not stopped after ${STOP_LIMIT_MS / 1000} s`);
}
