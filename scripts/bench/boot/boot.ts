// Scenario `boot`: what the launcher costs beside worker threads started by hand.
import type { BenchOptions, BenchTools, Scenario, ScenarioReport } from '../scenario.ts';
import { type Spread, spread } from '../statistics.ts';
import { compare, type Measured, type SizeResult } from './comparison.ts';
import { type LauncherName, makeLaunchers, PACKAGES } from './launchers.ts';
import { type Project, writeProject } from './project.ts';
import { reportText } from './report.ts';
import { runRound, type Sample } from './round.ts';

type Samples = Readonly<Record<LauncherName, Sample[]>>;

export const bootScenario: Scenario = {
  summary: 'Boot N Express services: time, CPU and memory beside bare worker threads',
  run,
};

async function run(options: BenchOptions, tools: BenchTools): Promise<ScenarioReport> {
  // One service first: what it costs more is what the launcher costs once.
  const counts = [...new Set([1, ...options.services])];
  const launchers = makeLaunchers(tools.leftovers.folder());
  const sizes: SizeResult[] = [];
  for (const count of counts) sizes.push(await measureSize(count, { ...options, ...tools, launchers }));
  const comparison = compare(sizes);
  const { flavour, rounds } = options;
  return {
    text: reportText({ flavour, rounds, ...comparison }),
    data: { flavour, rounds, ...comparison },
  };
}

interface Measurement extends BenchOptions, BenchTools {
  readonly launchers: ReturnType<typeof makeLaunchers>;
}

async function measureSize(count: number, measurement: Measurement): Promise<SizeResult> {
  const { rounds, flavour, leftovers } = measurement;
  const project = writeProject(leftovers.folder(), count, flavour, PACKAGES);
  const samples: Samples = { bare: [], uber: [] };
  // The first of each also fills the build cache and the page cache: thrown away.
  for (let round = 0; round <= rounds; round += 1) {
    const order: readonly LauncherName[] = round % 2 === 0 ? ['bare', 'uber'] : ['uber', 'bare'];
    for (const name of order) {
      const sample = await measure(name, project, measurement);
      if (round > 0) samples[name].push(sample);
    }
  }
  return { services: count, bare: summarise(samples.bare), uber: summarise(samples.uber) };
}

async function measure(
  name: LauncherName,
  project: Project,
  { launchers, leftovers, progress }: Measurement,
): Promise<Sample> {
  const sample = await runRound(launchers[name], project, leftovers);
  const cost = sample.cpuMs === null ? '' : `, CPU ${Math.round(sample.cpuMs)} ms`;
  progress(`${name} ${project.services.length}: up in ${Math.round(sample.bootMs)} ms${cost}`);
  return sample;
}

function summarise(samples: readonly Sample[]): Measured {
  return {
    bootMs: spread(samples.map(({ bootMs }) => bootMs)),
    servedMs: spread(samples.map(({ servedMs }) => servedMs)),
    cpuMs: spreadOrNull(samples.map(({ cpuMs }) => cpuMs)),
    pssMb: spreadOrNull(samples.map(({ pssMb }) => pssMb)),
  };
}

function spreadOrNull(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spread(known);
}
