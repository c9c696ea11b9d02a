// Scenario `cost`: what it costs a service that uber stands between it and Node.
import type { BenchOptions, BenchTools, Scenario, ScenarioReport } from '../scenario.ts';
import type { Spread } from '../statistics.ts';
import { table } from '../table.ts';
import { type BootCost, measureBoot } from './boot-cpu.ts';
import { type EndpointResult, measureThroughput } from './throughput.ts';

export const costScenario: Scenario = {
  summary: 'What interception costs: CPU of a boot, and requests a second',
  run,
};

async function run(options: BenchOptions, tools: BenchTools): Promise<ScenarioReport> {
  const boot = await measureBoot(options, tools);
  const endpoints = await measureThroughput(options, tools);
  const { rounds, seconds } = options;
  return {
    text: [...bootText(boot, rounds), '', ...throughputText(endpoints, options)].join('\n'),
    data: { rounds, seconds, boot, endpoints },
  };
}

function bootText({ sides, interceptionMs, entryMs, concerns, target }: BootCost, rounds: number): string[] {
  return [
    `CPU of a thread until the first line of its service, ms: median (lowest-highest) of ${rounds} rounds`,
    '',
    ...table([
      ['side', 'CPU ms'],
      ['bare worker', spreadText(sides.bare, 2)],
      ['uber without interception', spreadText(sides.entry, 2)],
      ['uber', spreadText(sides.uber, 2)],
      ['  interception', spreadText(interceptionMs, 2)],
      ['  all of uber', spreadText(entryMs, 2)],
    ]),
    '',
    `intercepted: ${concerns.join(', ')}`,
    `target: interception at most ${target.ms} ms: ${said(target.isMet)}`,
  ];
}

function throughputText(endpoints: readonly EndpointResult[], { rounds, seconds }: BenchOptions): string[] {
  const rows = endpoints.map(({ endpoint, bare, uber, ratio, cpuRatio }) => [
    endpoint,
    spreadText(bare, 0),
    spreadText(uber, 0),
    spreadText(ratio, 3),
    cpuRatio === null ? '-' : spreadText(cpuRatio, 3),
  ]);
  return [
    `Requests a second: median (lowest-highest) of ${rounds} rounds of ${seconds} s`,
    '',
    ...table([['endpoint', 'bare worker', 'uber', 'uber / bare', 'CPU a request'], ...rows]),
    '',
    ...endpoints.map(({ endpoint, ratio, isMet }) => {
      const lost = ((1 - ratio.median) * 100).toFixed(1);
      return `target of ${endpoint}: at most 2 % lost, ${lost} % is: ${said(isMet)}`;
    }),
  ];
}

function said(isMet: boolean | null): string {
  if (isMet === null) return 'lost in the noise; more --rounds on a machine at rest can tell';
  return isMet ? 'met' : 'NOT met';
}

function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;
}
