// Scenario `faults`: many services under constant load, and random faults and commands to some of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startUber, type UberHandle } from '../../../launcher/index.ts';
import { machineMs } from '../clock.ts';
import { type Load, startLoad } from '../load/load.ts';
import type { Noted } from '../load/messages.ts';
import { leftRuns, writeProject } from '../project.ts';
import type { ChaosOptions, ChaosReport, ChaosScenario, ChaosTools } from '../scenario.ts';
import { type Usage, usageAtRest } from '../usage.ts';
import { act } from './actions.ts';
import { Invariants } from './invariants.ts';
import { type ChaosService, makeServices, projectFiles } from './layout.ts';
import { judgeUsage, processesOf, stillOpen } from './leftovers.ts';
import { planSteps } from './plan.ts';
import { type DoneStep, toText } from './report.ts';
import { Touched } from './touched.ts';

const RATE_PER_SECOND = 20;
/** When main's usage is looked at for the first time, in milliseconds; half of the run when that is shorter. */
const WARM_UP_MS = 60_000;

export const faultsScenario: ChaosScenario = {
  summary: '--services under constant load, random faults for --minutes: the others drop no request',
  run: async (options, tools) => new ChaosRun(options, tools).run(),
};

/** One chaos run, from its project to its report. */
class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #tools: ChaosTools;
  readonly #services: readonly ChaosService[];
  readonly #root: string;
  readonly #invariants = new Invariants();
  readonly #touched: Touched;
  readonly #done: DoneStep[] = [];
  readonly #broken: string[] = [];
  #failedOnTouched = 0;
  #failedOnUntouched = 0;
  #longestAnswerMs: number | null = null;

  constructor(options: ChaosOptions, tools: ChaosTools) {
    this.#options = options;
    this.#tools = tools;
    this.#services = makeServices(options.services);
    this.#root = writeProject(tools.leftovers, projectFiles(this.#services));
    this.#touched = new Touched(Math.floor(options.services / 3));
  }

  async run(): Promise<ChaosReport> {
    process.on('warning', (warning) => this.#broken.push(`Node warns: ${warning.message}`));
    const before = await usageAtRest();
    const uber = await startUber({ cwd: this.#root, onLog: this.#invariants.takeLine });
    const urls = { ...uber.urls };
    try {
      this.#invariants.follow(uber);
      const load = startLoad({
        leftovers: this.#tools.leftovers,
        targets: Object.entries(urls).map(([service, url]) => ({ service, url })),
        ratePerSecond: RATE_PER_SECOND,
        onNoted: (noted) => this.#judge(noted),
      });
      await this.#disturb(uber, urls, load);
      await load.stop();
      this.#judgeLogFiles(uber);
      await uber.stop();
      this.#invariants.unfollow();
      await this.#judgeEnd(uber.runId, Object.values(urls), before);
      return this.#report(load);
    } finally {
      await uber.stop();
    }
  }

  /** Faults until the time is over, with a look at main after the warm-up and at the end. */
  async #disturb(uber: UberHandle, urls: Readonly<Record<string, string>>, load: Load): Promise<void> {
    const { minutes, seed } = this.#options;
    const endMs = machineMs() + minutes * 60_000;
    const warmMs = machineMs() + Math.min(WARM_UP_MS, minutes * 30_000);
    let first: Usage | null = null;
    for (const step of planSteps(seed, this.#services)) {
      if (machineMs() > endMs) break;
      if (first === null && machineMs() > warmMs) first = await this.#usage(load);
      await this.#touched.begin(step.touched);
      void act(step, { uber, urls, invariants: this.#invariants }).then((result) => {
        this.#done.push({ step, result });
        this.#broken.push(...result.broken);
        this.#touched.end(step.touched);
        this.#tools.progress(
          `${step.number} steps, ${load.answered} requests answered, ${this.#failedOnUntouched} failed on untouched services`,
        );
      });
      await pause(step.pauseMs);
    }
    const last = await this.#usage(load);
    if (first !== null) this.#broken.push(...judgeUsage(first, last));
  }

  /** Main at rest: nobody touched, no request under way. */
  async #usage(load: Load): Promise<Usage> {
    await this.#touched.none();
    await load.pause();
    const usage = await usageAtRest();
    load.send({ type: 'resume' });
    return usage;
  }

  #judge(noted: Noted): void {
    const { service, reason, sentMs, endedMs } = noted;
    const isExcused = this.#touched.excuses(noted);
    if (reason === null) {
      if (!isExcused) this.#longestAnswerMs = Math.max(this.#longestAnswerMs ?? 0, endedMs - sentMs);
    } else if (isExcused) {
      this.#failedOnTouched += 1;
    } else {
      this.#failedOnUntouched += 1;
      const at = this.#done.at(-1)?.step.number ?? 0;
      this.#broken.push(
        `a request to ${service}, which nobody had touched, failed about step ${at}: ${reason}`,
      );
    }
  }

  /** The files hold the same lines as the events, in the same order; the first part may have been rotated away. */
  #judgeLogFiles(uber: UberHandle): void {
    for (const { name } of this.#services) {
      const path = join(this.#root, '.uber', 'runs', uber.runId, '_logs', `${name}.log`);
      const lines = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('chaos '));
      const told = this.#invariants.linesOf(name).slice(-lines.length);
      if (lines.length === 0 || lines.join('\n') !== told.join('\n')) {
        this.#broken.push(`the log file of ${name} does not hold the lines that were told`);
      }
    }
  }

  async #judgeEnd(runId: string, urls: readonly string[], before: Usage): Promise<void> {
    const after = await usageAtRest();
    const processes = processesOf(runId);
    this.#broken.push(
      ...leftRuns(this.#root).map((run) => `the run ${run} was left`),
      ...(await stillOpen(urls)).map((url) => `${url} is still open`),
      ...processes.map((pid) => `process ${pid} was left`),
      ...judgeUsage(withWhatStays(before, after), after),
    );
  }

  #report(load: Load): ChaosReport {
    const { seed, minutes, services } = this.#options;
    const broken = [...new Set([...this.#broken, ...this.#invariants.broken])];
    const { lives, lines } = this.#invariants.counts;
    const facts = {
      seed,
      minutes,
      done: this.#done,
      restarts: lives - services,
      lives,
      lines,
      requests: load.answered,
      ratePerSecond: load.ratePerSecond,
      failedOnTouched: this.#failedOnTouched,
      failedOnUntouched: this.#failedOnUntouched,
      longestAnswerMs: this.#longestAnswerMs,
    };
    return { text: toText(facts, broken), data: { ...facts }, broken };
  }
}

/** What the first run of a process starts for all that follow. */
const THREAD_POOL = 4;
/** The pipe of the process that ends children of a killed launcher, and its end of nothing. */
const GUARDIAN_DESCRIPTORS = 2;

/** Main before the run, with what stays until it ends itself; of its heap the code stays, which is not judged here. */
function withWhatStays(before: Usage, { heapUsed }: Usage): Usage {
  const threads = before.threads === null ? null : before.threads + THREAD_POOL;
  const descriptors = before.descriptors === null ? null : before.descriptors + GUARDIAN_DESCRIPTORS;
  return { ...before, heapUsed, threads, descriptors };
}
