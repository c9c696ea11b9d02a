// The page docs/benchmarks/README.md, made from what was found. Pure.
import type { Scenario } from '../scenario.ts';
import { Figures } from './figures.ts';
import { type Plot, plotsOf } from './plots.ts';
import { type Findings, headOf, notes } from './report.ts';
import { figureRows, markdownTable } from './table.ts';
import { judgeTargets } from './targets.ts';

/** The page and its plots: name of the file -> content. */
export function pageFiles(
  findings: Findings,
  scenarios: Readonly<Record<string, Scenario>>,
): Record<string, string> {
  const figures = new Figures(findings.figures);
  const titleOf = (name: string, group: Parameters<typeof headOf>[1]): string => {
    const scenario = scenarios[name];
    return scenario === undefined ? name : headOf(scenario, group);
  };
  const plots = plotsOf(figures, titleOf, findings.machine.text);
  const page = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`: do not edit it. [CONTRIBUTING.md](../../CONTRIBUTING.md#benchmarks) says how it measures.',
    '',
    `Machine: ${findings.machine.text}.`,
    '',
    'All figures are medians, with the lowest and the highest in brackets. Sides take turns in every round. Look at the',
    'ratios: absolute figures are those of this machine on that day.',
    '',
    ...listOf([...findings.sides, ...notes(findings)]),
    '## Targets',
    '',
    ...markdownTable([
      ['Target', 'Bound', 'Measured', 'Verdict'],
      ...judgeTargets(figures).map(({ line, text, bound, measured, verdict }) => [
        `${line}. ${text}`,
        bound || '-',
        measured,
        verdict,
      ]),
    ]),
    '',
    ...Object.entries(scenarios).flatMap(([name, scenario]) => partOf(name, scenario, figures, plots)),
  ];
  return {
    'README.md': `${page.join('\n').trimEnd()}\n`,
    ...Object.fromEntries(plots.map(({ file, svg }) => [file, svg])),
  };
}

function partOf(name: string, scenario: Scenario, figures: Figures, plots: readonly Plot[]): string[] {
  const groups = figures.groups(name);
  if (groups.length === 0) return [];
  return [
    `## ${scenario.title}`,
    '',
    ...scenario.explanation.flatMap((line) => [line, '']),
    ...groups.flatMap((group) => [
      `### ${headOf(scenario, group)}`,
      '',
      ...markdownTable(figureRows(figures, group, scenario.reference)),
      '',
    ]),
    ...listOf(scenario.conclusions?.(figures) ?? []),
    ...plots
      .filter((plot) => plot.scenario === name)
      .flatMap(({ file, title }) => [`![${title}](${file})`, '']),
  ];
}

function listOf(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines.map((line) => `- ${line}`), ''];
}
