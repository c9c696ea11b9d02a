// Entry of `npm run bench`: reads the command line, runs scenarios or the gate, and prints what they found.
import { runCommand } from '../command-line.ts';
import { Leftovers } from './leftovers.ts';
import { readMachine } from './machine.ts';
import { type BenchCommand, helpText, readOptions } from './options.ts';
import { Figures } from './report/figures.ts';
import { reportText } from './report/report.ts';
import type { BenchTools } from './scenario.ts';
import { SideShelf } from './sides/side-table.ts';

const leftovers = new Leftovers();
await runCommand('bench', async () => {
  const command = readOptions(process.argv.slice(2));
  if (command !== null) return run(command);
  console.log(helpText());
  return 0;
});
leftovers.remove();

async function run({ scenarios, isJson, options }: BenchCommand): Promise<number> {
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
  for (const [, scenario] of scenarios) await scenario.run(options, tools, shelf);
  const findings = {
    machine: readMachine(),
    sides: await shelf.titles(),
    skipped: Object.fromEntries(skipped),
    failed: Object.fromEntries(failed),
    figures: tools.figures.all,
  };
  if (isJson) console.log(JSON.stringify(findings));
  else console.log(`\n${reportText(findings, Object.fromEntries(scenarios))}`);
  return 0;
}
