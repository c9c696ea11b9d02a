// The results in docs/benchmarks: figures as JSON, and the page with its plots made from them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageFiles } from './report/page.ts';
import type { Findings } from './report/report.ts';
import type { Scenario } from './scenario.ts';

const RESULTS = 'results.json';

/**
 * Writes all files anew.
 * @param folder what it holds of earlier results is removed
 */
export function writeResults(
  folder: string,
  findings: Findings,
  scenarios: Readonly<Record<string, Scenario>>,
): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (/\.(?:svg|md|json)$/.test(name)) rmSync(join(folder, name));
  }
  const { figures, ...rest } = findings;
  // A line for each figure, so that a difference can be read.
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`).join(',\n');
  const head = JSON.stringify(rest, null, 2).replace(/\n\}$/, '');
  writeFileSync(join(folder, RESULTS), `${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
  for (const [name, content] of Object.entries(pageFiles(findings, scenarios))) {
    writeFileSync(join(folder, name), content);
  }
}

/**
 * The results that are there, if any, with the figures of some scenarios replaced.
 * @throws Error when they are those of another machine: figures of two do not stand in one table
 */
export function mergeResults(folder: string, findings: Findings, replaced: readonly string[]): Findings {
  const path = join(folder, RESULTS);
  if (!existsSync(path)) return findings;
  const old = JSON.parse(readFileSync(path, 'utf8')) as Findings;
  if (old.machine.text !== findings.machine.text) {
    throw new Error(
      `${path} has the results of another machine: ${old.machine.text}. npm run bench writes all anew.`,
    );
  }
  return {
    machine: findings.machine,
    sides: [...new Set([...old.sides, ...findings.sides])],
    skipped: { ...old.skipped, ...findings.skipped },
    failed: { ...old.failed, ...findings.failed },
    figures: [...old.figures.filter(({ scenario }) => !replaced.includes(scenario)), ...findings.figures],
  };
}
