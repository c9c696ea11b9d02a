// The results in docs/benchmarks: figures as JSON, and the page with its plots made from them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './project/packages.ts';
import { pageFiles } from './report/page.ts';
import type { Findings } from './report/report.ts';
import type { Scenario } from './scenario.ts';

const FOLDER = join(REPOSITORY, 'docs', 'benchmarks');
const RESULTS = join(FOLDER, 'results.json');

/** Writes all files anew. */
export function writeResults(findings: Findings, scenarios: Readonly<Record<string, Scenario>>): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) {
    if (/\.(?:svg|md|json)$/.test(name)) rmSync(join(FOLDER, name));
  }
  const { figures, ...rest } = findings;
  // A line for each figure, so that a difference can be read.
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`).join(',\n');
  const head = JSON.stringify(rest, null, 2).replace(/\n\}$/, '');
  writeFileSync(RESULTS, `${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
  for (const [name, content] of Object.entries(pageFiles(findings, scenarios))) {
    writeFileSync(join(FOLDER, name), content);
  }
}

/**
 * The results that are there, if any, with the figures of some scenarios replaced.
 * @throws Error when they are those of another machine: figures of two do not stand in one table
 */
export function mergeResults(findings: Findings, replaced: readonly string[]): Findings {
  if (!existsSync(RESULTS)) return findings;
  const old = JSON.parse(readFileSync(RESULTS, 'utf8')) as Findings;
  if (old.machine.text !== findings.machine.text) {
    throw new Error(`The results in docs/benchmarks are those of another machine: ${old.machine.text}.`);
  }
  return {
    machine: findings.machine,
    sides: [...new Set([...old.sides, ...findings.sides])],
    skipped: { ...old.skipped, ...findings.skipped },
    failed: { ...old.failed, ...findings.failed },
    figures: [...old.figures.filter(({ scenario }) => !replaced.includes(scenario)), ...findings.figures],
  };
}
