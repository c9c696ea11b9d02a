// CPU time a thread uses before the first line of its service runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchOptions, BenchTools } from '../scenario.ts';
import { type Spread, spread } from '../statistics.ts';
import { makeSides, SIDES, type Side } from './entries.ts';

/** Services of one process: one after the other, so that none disturbs another. */
const SERVICES = 12;
/** What interception may cost a service, in milliseconds of CPU. */
const TARGET_MS = 2;

/** CPU time in milliseconds from the first line of the thread to the first line of the service. */
export interface BootCost {
  readonly sides: Readonly<Record<Side, Spread>>;
  /** Median of the differences of neighbouring rounds: what interception costs, and what all of uber's entry costs. */
  readonly interceptionMs: Spread;
  readonly entryMs: Spread;
  readonly concerns: readonly string[];
  /** `isMet` is null when the noise is greater than what was looked for. */
  readonly target: { readonly ms: number; readonly isMet: boolean | null };
}

/** Measures all sides in turn. */
export async function measureBoot(
  { rounds }: BenchOptions,
  { leftovers, progress }: BenchTools,
): Promise<BootCost> {
  if (typeof (process as { threadCpuUsage?: unknown }).threadCpuUsage !== 'function') {
    throw new Error('process.threadCpuUsage is missing: the benchmark needs a newer Node');
  }
  const { args, concerns } = await makeSides(leftovers);
  const root = leftovers.folder();
  const files = writeServices(root);
  const medians: Record<Side, number[]> = { bare: [], entry: [], uber: [] };
  // The first round fills the caches: thrown away.
  for (let round = 0; round <= rounds; round += 1) {
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      const output = join(root, `${round}-${side}.txt`);
      const child = leftovers.child(
        spawn(process.execPath, [...args[side](files)], {
          cwd: root,
          env: { ...process.env, BENCH_FILE: output },
          stdio: 'ignore',
        }),
      );
      await once(child, 'exit');
      const figures = readFigures(output);
      if (figures.length !== SERVICES)
        throw new Error(`${side}: ${figures.length} of ${SERVICES} services told their CPU time`);
      const { median } = spread(figures);
      progress(`boot ${side}: ${median.toFixed(2)} ms CPU`);
      if (round > 0) medians[side].push(median);
    }
  }
  const differences = (a: Side, b: Side): Spread =>
    spread(medians[a].map((value, round) => value - (medians[b][round] ?? 0)));
  const interceptionMs = differences('uber', 'entry');
  return {
    sides: { bare: spread(medians.bare), entry: spread(medians.entry), uber: spread(medians.uber) },
    interceptionMs,
    entryMs: differences('uber', 'bare'),
    concerns,
    target: { ms: TARGET_MS, isMet: verdict(interceptionMs) },
  };
}

function verdict({ median, min, max }: Spread): boolean | null {
  return max - min > TARGET_MS ? null : median <= TARGET_MS;
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

function readFigures(path: string): number[] {
  return readFileSync(path, 'utf8').trim().split('\n').map(Number);
}
