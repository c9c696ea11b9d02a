// Scenario `cost`: CPU time that uber adds to a thread before the first line of its service runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from '../measure/rounds.ts';
import type { FigureKey, Figures } from '../report/figures.ts';
import { spread } from '../report/statistics.ts';
import { spreadText } from '../report/table.ts';
import type { BenchOptions, BenchTools, Scenario } from '../scenario.ts';
import { makeSides, SIDES, type Side } from './entries.ts';

const ROUNDS = 5;
/** Services of one process: one after the other, so that none disturbs another. */
const SERVICES = 12;
/** What interception may cost a service, in milliseconds of CPU. */
const TARGET_MS = 2;

const TITLES: Readonly<Record<Side, string>> = {
  bare: 'bare worker',
  entry: 'uber without interception',
  uber: 'uber',
};

export const costScenario: Scenario = {
  summary: 'What interception costs a thread until the first line of its service',
  title: 'Cost of interception',
  reference: TITLES.bare,
  explanation: [
    `Median of ${SERVICES} services, one after the other in one process.`,
    'Intercepted is what `scripts/bench/cost/entries.ts` lists: listen, process, fs, child processes.',
  ],
  run,
  conclusions,
};

async function run(options: BenchOptions, tools: BenchTools): Promise<void> {
  if (typeof (process as { threadCpuUsage?: unknown }).threadCpuUsage !== 'function') {
    tools.skip('cost', 'process.threadCpuUsage is missing: this Node is too old');
    return;
  }
  const { leftovers, progress, figures } = tools;
  const { args, concerns } = await makeSides(leftovers);
  progress(`intercepted: ${concerns.join(', ')}`);
  const root = leftovers.folder();
  const files = writeServices(root);
  let turn = 0;
  const measure = async (side: Side, isMeasured: boolean): Promise<void> => {
    turn += 1;
    const output = join(root, `${turn}-${side}.txt`);
    const env = { ...process.env, BENCH_FILE: output };
    const child = leftovers.child(
      spawn(process.execPath, [...args[side](files)], { cwd: root, env, stdio: 'ignore' }),
    );
    await once(child, 'exit');
    const found = readFileSync(output, 'utf8').trim().split('\n').map(Number);
    if (found.length !== SERVICES)
      throw new Error(`${found.length} of ${SERVICES} services told their CPU time`);
    const { median } = spread(found);
    progress(`cost, ${side}: ${median.toFixed(2)} ms CPU`);
    if (isMeasured) figures.add(keyOf(side), median);
  };
  await alternate({ title: 'cost', names: SIDES, rounds: options.rounds ?? ROUNDS, measure }, tools);
}

function keyOf(side: Side): FigureKey {
  return {
    scenario: 'cost',
    what: 'CPU of a thread until the first line of its service',
    services: 1,
    side: TITLES[side],
    metric: 'stepCpuMs',
  };
}

/** Differences of neighbouring rounds. */
function conclusions(figures: Figures): string[] {
  const [with_, without, bare] = [keyOf('uber'), keyOf('entry'), keyOf('bare')].map((key) =>
    figures.values(key),
  );
  if (with_ === undefined || without === undefined || bare === undefined || with_.length === 0) return [];
  if (without.length !== with_.length || bare.length !== with_.length) return [];
  const difference = (from: readonly number[]) =>
    spread(with_.map((value, round) => value - (from[round] ?? 0)));
  const interception = difference(without);
  const noise = interception.max - interception.min;
  const isMet = interception.median <= TARGET_MS ? 'met' : 'NOT met';
  return [
    `all of uber: ${spreadText(difference(bare), 2)} ms; interception: ${spreadText(interception, 2)} ms`,
    `target: interception at most ${TARGET_MS} ms: ${noise > TARGET_MS ? 'lost in the noise' : isMet}`,
  ];
}

function writeServices(root: string): string[] {
  const names = Array.from({ length: SERVICES }, (_, index) => `s${index}`);
  const services = names.map((name, index) => [
    name,
    { ready: 'started', dependsOn: names.slice(Math.max(0, index - 1), index) },
  ]);
  writeFileSync(join(root, 'uber.config.json'), JSON.stringify({ services: Object.fromEntries(services) }));
  return names.map((name) => {
    const folder = join(root, 'services', name);
    mkdirSync(folder, { recursive: true });
    cpSync(join(import.meta.dirname, 'programs', 'first-line.cjs'), join(folder, 'index.cjs'));
    return join(folder, 'index.cjs');
  });
}
