// Scenario `restarts`: one service among ten is started again and again, and what the launcher holds must not grow.
import { type ReadyRow, startUber, type UberHandle } from '../../../launcher/index.ts';
import { spread } from '../../bench/report/statistics.ts';
import { startLoad } from '../load/load.ts';
import { leftRuns, writeProject } from '../project.ts';
import type { ChaosOptions, ChaosReport, ChaosScenario, ChaosTools } from '../scenario.ts';
import { type Usage, usageAtRest } from '../usage.ts';
import { judgeGrowth, type Measurement, toTable } from './growth.ts';

const OTHERS = Array.from({ length: 9 }, (_, index) => `other${index + 1}`);
const RATE_PER_SECOND = 20;
/** Measurements in a run. */
const MEASUREMENTS = 20;

export const restartsScenario: ChaosScenario = {
  summary: 'One service among ten, started again --count times: nothing may grow',
  run: async (options, tools) => {
    const root = writeProject(tools.leftovers, projectFiles());
    const before = await usageAtRest();
    const uber = await startUber({ cwd: root, isolation: options.placement });
    try {
      return await restartAll(uber, { before, options, tools, root });
    } finally {
      await uber.stop();
    }
  },
};

interface Bench {
  readonly before: Usage;
  readonly options: ChaosOptions;
  readonly tools: ChaosTools;
  readonly root: string;
}

async function restartAll(uber: UberHandle, { before, options, tools, root }: Bench): Promise<ChaosReport> {
  const broken: string[] = [];
  process.on('warning', (warning) => broken.push(`Node warns: ${warning.message}`));
  const load = startLoad({
    leftovers: tools.leftovers,
    targets: OTHERS.map((service) => ({ service, url: uber.url(service) })),
    ratePerSecond: RATE_PER_SECOND,
    onNoted: ({ service, reason }) => {
      if (reason !== null) broken.push(`a request to ${service} failed: ${reason}`);
    },
  });
  const url = uber.url('again');
  const times: number[] = [];
  const every = Math.max(1, Math.floor(options.count / MEASUREMENTS));
  const measurements: Measurement[] = [];
  for (let count = 1; count <= options.count; count += 1) {
    const beganMs = performance.now();
    const row = await uber.restart('again');
    times.push(performance.now() - beganMs);
    broken.push(...(await judgeRow(row, url, count + 1)));
    if (count % every !== 0) continue;
    tools.progress(`${count} restarts`);
    await load.pause();
    measurements.push({ restarts: count, usage: await usageAtRest() });
    load.send({ type: 'resume' });
  }
  await load.stop();
  const { answered, ratePerSecond } = load;
  await uber.stop();
  const after = await usageAtRest();
  const verdicts = judgeGrowth(measurements);
  broken.push(
    ...verdicts.flatMap((verdict) => (verdict.isFlat ? [] : [`${verdict.what} grows: ${verdict.text}`])),
  );
  broken.push(...leftRuns(root).map((run) => `the run ${run} was left`), ...judgeEnd(before, after));
  const { median, max } = spread(times);
  return {
    text: [
      ...toTable(measurements),
      '',
      ...verdicts.map(({ what, text }) => `${what.padEnd(12)}${text}`),
      '',
      `restarts     ${options.count}, each ${median.toFixed(0)} ms (median; longest ${max.toFixed(0)} ms), port kept`,
      `other nine   ${answered} requests answered (${ratePerSecond.toFixed(0)} a second)`,
    ].join('\n'),
    data: { measurements, verdicts, restartMs: { median, max }, answered, ratePerSecond },
    broken: [...new Set(broken)],
  };
}

async function judgeRow({ url, incarnation }: ReadyRow, expected: string, number: number): Promise<string[]> {
  const response = await fetch(expected, { headers: { connection: 'close' } });
  const text = await response.text();
  return [
    ...(url === expected ? [] : [`the port changed: ${expected} to ${url}`]),
    ...(incarnation === number ? [] : [`incarnation ${incarnation} instead of ${number}`]),
    ...(text === 'again' ? [] : [`incarnation ${number} answered "${text}"`]),
  ];
}

/** What the run itself has held must be gone. Main's own thread pool and the first use of its modules are not. */
function judgeEnd(before: Usage, after: Usage): string[] {
  const kinds = ['resources', 'descriptors', 'threads'] as const;
  return kinds.flatMap((kind) => {
    const was = before[kind];
    const is = after[kind];
    return was === null || is === null || is <= was + ALLOWED_AT_END[kind]
      ? []
      : [`${kind}: ${was} before, ${is} after`];
  });
}

/** Threads of the pool (4 by default) that the first use starts; an idle connection of `fetch`. */
const ALLOWED_AT_END = { resources: 1, descriptors: 1, threads: 4 } as const;

function projectFiles(): Record<string, string> {
  const program = `
    import { createServer } from 'node:http';
    console.log('begun');
    createServer((request, response) => response.end(process.env.UBER_SERVICE)).listen(3000);
  `;
  const files = OTHERS.map((name, index) => [
    `services/${name}/index.${index % 2 === 0 ? 'mjs' : 'mts'}`,
    program,
  ]);
  return Object.fromEntries([...files, ['services/again/index.mts', program]]);
}
