// Entry of `npm run bench`: reads the command line, runs scenarios or the gate, and prints what they found.
import { join } from 'node:path';
import { runCommand, UsageError } from '../command-line.ts';
import { checkRatios, updateRatios } from './gate/gate.ts';
import { Leftovers } from './leftovers.ts';
import { readMachine } from './machine.ts';
import { HAS_PROCESS_USAGE } from './measure/process-usage.ts';
import { type BenchCommand, helpText, readOptions } from './options.ts';
import { REPOSITORY } from './project/packages.ts';
import { Figures } from './report/figures.ts';
import { type Findings, reportText } from './report/report.ts';
import { mergeResults, writeResults } from './results.ts';
import type { BenchTools } from './scenario.ts';
import { SCENARIOS } from './scenario-table.ts';
import { PEER_NAMES, SideShelf } from './sides/side-table.ts';

const RESULTS = join(REPOSITORY, 'docs', 'benchmarks');

const leftovers = new Leftovers();
await runCommand('bench', async () => {
  const command = readOptions(process.argv.slice(2));
  if (command !== null) return run(command);
  console.log(helpText());
  return 0;
});
leftovers.remove();

async function run(command: BenchCommand): Promise<number> {
  const skipped = new Map<string, string>();
  const failed = new Map<string, string>();
  const tools: BenchTools = {
    leftovers,
    progress: (text) => console.error(text),
    figures: new Figures(),
    skip: (who, reason) => skipped.set(who, reason),
    fail: (who, reason) => failed.set(who, reason),
  };
  const shelf = new SideShelf(tools);
  if (command.gate !== null) return runGate(command, tools, shelf);
  for (const [, scenario] of command.scenarios) await scenario.run(command.options, tools, shelf);
  const findings: Findings = {
    machine: readMachine(),
    sides: await shelf.titles(),
    skipped: Object.fromEntries(skipped),
    failed: Object.fromEntries(failed),
    figures: tools.figures.all,
  };
  write(command, findings);
  if (command.isJson) console.log(JSON.stringify(findings));
  else console.log(`\n${reportText(findings, Object.fromEntries(command.scenarios))}`);
  return [...failed.keys()].every(isPeer) ? 0 : 1;
}

async function runGate({ gate, isJson }: BenchCommand, tools: BenchTools, shelf: SideShelf): Promise<number> {
  if (!HAS_PROCESS_USAGE) throw new UsageError(`--${gate} compares CPU time and memory, which need Linux.`);
  const result = await (gate === 'update' ? updateRatios : checkRatios)(tools, shelf);
  console.log(isJson ? JSON.stringify(result.verdicts) : `\n${result.text}`);
  return result.isLost ? 1 : 0;
}

function write({ writes, scenarios }: BenchCommand, findings: Findings): void {
  const names = scenarios.map(([name]) => name);
  if (writes === 'all') writeResults(RESULTS, findings, SCENARIOS);
  if (writes === 'measured') writeResults(RESULTS, mergeResults(RESULTS, findings, names), SCENARIOS);
}

/** A peer that fails is told; the benchmark is about uber. */
function isPeer(who: string): boolean {
  return PEER_NAMES.some((name) => name !== 'bare' && who.startsWith(`${name},`));
}
