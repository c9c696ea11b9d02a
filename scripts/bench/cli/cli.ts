// Scenario `cli`: CPU time of short commands beside Node that does nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { projectOrSkip } from '../boot/boot.ts';
import { endedChildrenCpuMs, HAS_PROCESS_USAGE } from '../measure/process-usage.ts';
import { alternate } from '../measure/rounds.ts';
import { startRun } from '../measure/run.ts';
import type { FigureKey } from '../report/figures.ts';
import type { BenchTools, Scenario } from '../scenario.ts';
import type { SideShelf } from '../sides/side-table.ts';
import { copyLauncher } from '../sides/uber.ts';

const ROUNDS = 10;
/** Commands of one measurement, one after the other: the system counts ended processes in steps of 10 ms. */
const REPEATS = 5;
/** Services of the live run that `uber ps` shows. */
const SERVICES = 3;

/** The commands, by name. */
const CLI_COMMANDS = ['node -e 0', 'uber --help', 'uber ps'] as const;

type CliCommand = (typeof CLI_COMMANDS)[number];

/** Where the figure of a command is. */
function cliKey(side: CliCommand): FigureKey {
  return { scenario: 'cli', what: 'a short command', services: 0, side, metric: 'cpuMs' };
}

export const cliScenario: Scenario = {
  summary: 'CPU time of `uber --help` and `uber ps` beside `node -e 0`',
  title: 'Command line',
  reference: 'node -e 0',
  explanation: [
    `User and system time of one process, mean of ${REPEATS}. \`uber ps\` shows a live run of ${SERVICES} services.`,
  ],
  run: (options, tools, shelf) => compareCommands(options.rounds ?? ROUNDS, tools, shelf),
};

/** Compares all commands; the figures are those of scenario `cli`. */
export async function compareCommands(rounds: number, tools: BenchTools, shelf: SideShelf): Promise<void> {
  if (!HAS_PROCESS_USAGE) {
    tools.skip('cli', 'CPU time is read from /proc, which only Linux has');
    return;
  }
  const { program } = copyLauncher(tools.leftovers.folder());
  const project = await projectOrSkip('js', SERVICES, tools);
  if (project === null) return;
  const run = await startRun({ side: await shelf.prepared('thread'), project, tools });
  try {
    const args: Readonly<Record<CliCommand, readonly string[]>> = {
      'node -e 0': ['-e', '0'],
      'uber --help': [program, '--help'],
      'uber ps': [program, 'ps'],
    };
    const names = await known(args, project.root, tools);
    const measure = async (name: CliCommand, isMeasured: boolean): Promise<void> => {
      const before = endedChildrenCpuMs();
      for (let repeat = 0; repeat < REPEATS; repeat += 1) await command(args[name], project.root, tools);
      const cpuMs = (endedChildrenCpuMs() - before) / REPEATS;
      tools.progress(`cli, ${name}: ${cpuMs.toFixed(1)} ms CPU`);
      if (isMeasured) tools.figures.add(cliKey(name), cpuMs);
    };
    await alternate({ title: 'cli', names, rounds, measure }, tools);
  } finally {
    await run.stop();
  }
}

/** A verb that is not there yet ends with 2: a mistake of usage. */
async function known(
  args: Readonly<Record<CliCommand, readonly string[]>>,
  cwd: string,
  tools: BenchTools,
): Promise<CliCommand[]> {
  const names: CliCommand[] = [];
  for (const name of CLI_COMMANDS) {
    const code = await command(args[name], cwd, tools);
    if (code === 0) names.push(name);
    else tools.skip(name, `it ends with ${code}`);
  }
  return names;
}

async function command(
  args: readonly string[],
  cwd: string,
  { leftovers }: BenchTools,
): Promise<number | null> {
  const env = { ...process.env };
  for (const key of ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE']) delete env[key];
  const child = leftovers.child(spawn(process.execPath, [...args], { cwd, env, stdio: 'ignore' }));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
