// What is made of figures: fits, ratios, tables, plots, verdicts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareRatios, gatedRatios, isLost } from '../../scripts/bench/gate/ratios.ts';
import { type FigureKey, Figures } from '../../scripts/bench/report/figures.ts';
import { fitLine, growthBeyondLine } from '../../scripts/bench/report/fit.ts';
import { growthOf, growthText } from '../../scripts/bench/report/growth.ts';
import { pageFiles } from '../../scripts/bench/report/page.ts';
import { type Findings, reportText } from '../../scripts/bench/report/report.ts';
import { quantile, spread } from '../../scripts/bench/report/statistics.ts';
import { barSvg, lineSvg } from '../../scripts/bench/report/svg.ts';
import { figureRows, markdownTable, table } from '../../scripts/bench/report/table.ts';
import { judgeTargets } from '../../scripts/bench/report/targets.ts';
import { mergeResults, writeResults } from '../../scripts/bench/results.ts';
import { SCENARIOS } from '../../scripts/bench/scenario-table.ts';
import { makeProject } from '../support/project.ts';

const line = (of: (x: number) => number) => [1, 5, 15, 50, 100].map((x) => ({ x, y: of(x) }));

function figuresOf(
  values: Readonly<Record<string, readonly number[]>>,
  key: Omit<FigureKey, 'side'>,
): Figures {
  const figures = new Figures();
  for (const [side, all] of Object.entries(values)) {
    for (const value of all) figures.add({ ...key, side }, value);
  }
  return figures;
}

const BOOT = { scenario: 'boot', what: 'js', services: 15, metric: 'cpuMs' } as const;

test('a line is found with its slope, its intercept and how well it fits', () => {
  expect(fitLine(line((x) => 100 + 3 * x))).toEqual({
    slope: expect.closeTo(3),
    intercept: expect.closeTo(100),
    r2: expect.closeTo(1),
  });
  const noisy = line((x) => 100 + 3 * x + (x === 15 ? 40 : 0));
  expect(fitLine(noisy).r2).toBeLessThan(1);
  expect(fitLine([])).toEqual({ slope: 0, intercept: 0, r2: 1 });
});

test('what grows faster than a line lies above what the smaller counts foretell', () => {
  expect(growthBeyondLine(line((x) => 100 + 3 * x))).toBeCloseTo(0);
  expect(growthBeyondLine(line((x) => 100 + 3 * x + 0.05 * x * x))).toBeGreaterThan(0.2);
  expect(growthBeyondLine(line((x) => 100 + 30 * Math.sqrt(x)))).toBeLessThan(0);
  expect(growthBeyondLine(line((x) => x).slice(0, 2))).toBeNull();
});

test('median, extremes and quantiles', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(() => spread([])).toThrow('no figures');
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99)]).toEqual([50, 99, 7]);
});

test('a ratio compares the rounds that ran side by side', () => {
  // The machine was twice as slow in the second round: in both.
  const figures = figuresOf({ thread: [70, 140, 70], bare: [100, 200, 100] }, BOOT);
  expect(figures.ratio({ ...BOOT, side: 'thread' }, { ...BOOT, side: 'bare' })).toEqual({
    median: 0.7,
    min: 0.7,
    max: 0.7,
  });
  const uneven = figuresOf({ thread: [70, 90], bare: [100] }, BOOT);
  expect(uneven.ratio({ ...BOOT, side: 'thread' }, { ...BOOT, side: 'bare' })?.median).toBe(0.8);
  expect(uneven.ratio({ ...BOOT, side: 'watt' }, { ...BOOT, side: 'bare' })).toBeNull();
});

test('a table has a row for each side, and how much it is of the reference', () => {
  const figures = figuresOf({ bare: [100, 110, 120], thread: [55, 55, 55] }, BOOT);
  const rows = figureRows(figures, { scenario: 'boot', what: 'js', services: 15 }, 'bare');
  expect(table(rows)).toEqual([
    'side           CPU ms  of bare',
    'bare    110 (100-120)    1.00x',
    'thread             55    0.50x',
  ]);
  expect(markdownTable(rows)).toEqual([
    '| side   |        CPU ms | of bare |',
    '| ------ | ------------: | ------: |',
    '| bare   | 110 (100-120) |   1.00x |',
    '| thread |            55 |   0.50x |',
  ]);
});

test('a target is met, not met, or not measured', () => {
  const figures = figuresOf({ bare: [100], thread: [70], watch: [1000] }, BOOT);
  for (const [side, value] of [
    ['thread', 50],
    ['bare', 50],
    ['watch', 390],
  ] as const) {
    figures.add({ ...BOOT, metric: 'bootMs', side }, value);
  }
  const verdicts = judgeTargets(figures).filter(({ verdict }) => verdict !== 'not measured');
  expect(verdicts.map(({ text, bound, measured, verdict }) => [text, bound, measured, verdict])).toEqual([
    ['15 Express, thread / bare workers, boot', 'at most 0.70x', '1.00x', 'NOT met'],
    ['15 Express, thread / bare workers, CPU', 'at most 0.70x', '0.70x', 'met'],
    ['15 Express, concurrently + tsx watch / thread, boot', 'at least 8.00x', '7.80x', 'NOT met'],
  ]);
  expect(new Set(judgeTargets(new Figures()).map(({ line: of }) => of))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
});

test('growth is told with its line, and judged at the greatest count', () => {
  const figures = new Figures();
  for (const { x, y } of line((count) => 100 + 3 * count)) {
    figures.add({ scenario: 'density', what: 'js', services: x, side: 'thread', metric: 'pssMb' }, y);
  }
  expect(growthOf(figures).map(growthText)).toEqual([
    'fit of thread: 100 + 3.00 MB a service, R2 1.0000; 100 services beside what was foretold: 0.0 %',
  ]);
  const target = judgeTargets(figures).find(({ verdict }) => verdict === 'met');
  expect(target).toMatchObject({ line: 4, text: expect.stringContaining('thread, memory') });
});

describe('the gate', () => {
  test('fails for a loss of more than 15 %, and names it with both figures', () => {
    const verdicts = compareRatios(
      { 'CPU of x': 1, 'memory of x': 1 },
      { 'CPU of x': 1.16, 'memory of x': 1.15 },
    );
    expect(verdicts.filter(isLost)).toEqual([
      { name: 'CPU of x', committed: 1, measured: 1.16, loss: expect.closeTo(0.16), verdict: 'LOST' },
    ]);
  });

  test('fails for a committed ratio that was not measured', () => {
    expect(compareRatios({ 'CPU of x': 1 }, {}).filter(isLost)).toMatchObject([
      { name: 'CPU of x', measured: null, verdict: 'NOT MEASURED' },
    ]);
  });

  test('tells what is new and what is better, and does not fail', () => {
    const verdicts = compareRatios({ 'CPU of x': 1 }, { 'CPU of x': 0.5, 'CPU of y': 2 });
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['better', 'new']);
    expect(verdicts.filter(isLost)).toEqual([]);
  });

  test('takes its ratios from the figures', () => {
    const figures = figuresOf({ bare: [100, 100], thread: [120, 121] }, BOOT);
    expect(gatedRatios(figures)).toEqual({ 'CPU of a boot of 15 js, thread / bare': 1.205 });
  });
});

describe('plots', () => {
  test('a line has its points between the axes, and names are escaped', () => {
    const series = [{ name: 'a & <b>', points: line((x) => 2 * x) }];
    const svg = lineSvg({ title: 'Growth', xTitle: 'services', yTitle: 'MB', series, footer: '2 cores' });
    expect(svg).toContain('a &amp; &lt;b&gt;');
    expect(svg).toContain('points="76.2,327.2 101,316 163,288 380,190 690,50"');
    expect(svg.match(/<circle/g)).toHaveLength(5);
    expect(svg).toContain('2 cores');
  });

  test('a bar is as long as its value', () => {
    const bars = [
      { name: 'thread', value: 50 },
      { name: 'watt', value: 200 },
    ];
    const svg = barSvg({ title: 'Boot', unit: 'ms', bars, footer: '' });
    const widths = [...svg.matchAll(/<rect x="190" .*?width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths[1]).toBe(4 * Number(widths[0]));
    expect(svg).toContain('200 ms');
  });
});

test('a scenario that is measured again takes its own place in the results, on the same machine', () => {
  using project = makeProject({ packages: false });
  const folder = project.path('results');
  const findings = (cpuMs: number, scenario: string, text = '2 cores'): Findings => ({
    machine: { cores: 2, model: 'm', memoryGb: 8, node: '24', kernel: 'Linux', text },
    sides: ['bare'],
    skipped: {},
    failed: {},
    figures: figuresOf({ bare: [cpuMs] }, { ...BOOT, scenario }).all,
  });
  const add = (found: Findings, name: string): void =>
    writeResults(folder, mergeResults(folder, found, [name]), SCENARIOS);
  add(findings(1, 'boot'), 'boot');
  add(findings(2, 'memory'), 'memory');
  add(findings(3, 'boot'), 'boot');
  const { figures, sides } = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Findings;
  expect(figures.map(({ scenario, values }) => [scenario, ...values])).toEqual([
    ['memory', 2],
    ['boot', 3],
  ]);
  expect(sides).toEqual(['bare']);
  expect(() => add(findings(4, 'boot', '8 cores'), 'boot')).toThrow('another machine: 2 cores');
});

test('the report and the page name the machine, the versions, the skipped and the failed', () => {
  const findings: Findings = {
    machine: { cores: 2, model: 'm', memoryGb: 8, node: '24', kernel: 'Linux', text: '2 cores, m' },
    sides: ['watt: wattpm 3'],
    skipped: { watch: 'npm could not be run' },
    failed: { watt: 'ended with 1\nno such file' },
    figures: figuresOf({ bare: [100], thread: [60] }, BOOT).all,
  };
  const report = reportText(findings, SCENARIOS);
  const files = pageFiles(findings, SCENARIOS);
  expect(Object.keys(files)).toEqual(['README.md', 'boot-15-js-cpuMs.svg']);
  for (const text of [report, files['README.md']]) {
    expect(text).toContain('2 cores, m');
    expect(text).toContain('watt: wattpm 3');
    expect(text).toContain('watch skipped: npm could not be run');
    expect(text).toContain('watt FAILED: ended with 1 | no such file');
    expect(text).toMatch(/15 Express, thread \/ bare workers, CPU .*at most 0\.70x.* 0\.60x.* met/);
  }
  expect(files['README.md']).toContain('(boot-15-js-cpuMs.svg)');
});
