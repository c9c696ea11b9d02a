// The regression gate: measures a short set of ratios, and compares them with the committed ones or replaces these.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBoots } from '../boot/boot.ts';
import { compareCommands } from '../cli/cli.ts';
import { readMachine } from '../machine.ts';
import { table } from '../report/table.ts';
import type { BenchTools } from '../scenario.ts';
import type { SideShelf } from '../sides/side-table.ts';
import { compareThroughput } from '../throughput/throughput.ts';
import { compareRatios, gatedRatios, isLost, MOST_LOSS, type Ratios, type RatioVerdict } from './ratios.ts';

const COMMITTED = join(import.meta.dirname, 'ratios.json');
/** As few as are steady: the whole gate has to end within four minutes on two cores. */
const ROUNDS = { light: 7, heavy: 5, throughput: 5, commands: 7 };
const SECONDS = 2;

interface Committed {
  readonly machine: string;
  readonly ratios: Ratios;
}

/** What the gate found. */
export interface GateResult {
  readonly text: string;
  readonly isLost: boolean;
  readonly verdicts: readonly RatioVerdict[];
}

/**
 * Measures and compares with what is committed. What seems lost is measured a second time, and all rounds count: a busy
 * minute of the machine should not fail the gate.
 */
export async function checkRatios(tools: BenchTools, shelf: SideShelf): Promise<GateResult> {
  const committed = JSON.parse(readFileSync(COMMITTED, 'utf8')) as Committed;
  const first = judge(committed, await measureRatios(tools, shelf));
  if (!first.verdicts.some(({ verdict }) => verdict === 'LOST')) return first;
  tools.progress(`${first.text}\nIt is measured a second time.`);
  return judge(committed, await measureRatios(tools, shelf));
}

/** Measures and writes what is to be committed. */
export async function updateRatios(tools: BenchTools, shelf: SideShelf): Promise<GateResult> {
  const ratios = await measureRatios(tools, shelf);
  const machine = readMachine().text;
  writeFileSync(COMMITTED, `${JSON.stringify({ machine, ratios } satisfies Committed, null, 2)}\n`);
  return judge({ machine, ratios }, ratios);
}

async function measureRatios(tools: BenchTools, shelf: SideShelf): Promise<Ratios> {
  const names = ['bare', 'thread', 'shared'] as const;
  await compareBoots(
    { flavour: 'js', count: 15, rounds: ROUNDS.light, names, states: ['warm', 'cold'] },
    tools,
    shelf,
  );
  await compareBoots(
    { flavour: 'heavy', count: 8, rounds: ROUNDS.heavy, names, states: ['warm'] },
    tools,
    shelf,
  );
  await compareThroughput(
    { names: ['process', 'thread'], endpoints: ['/json'], rounds: ROUNDS.throughput, seconds: SECONDS },
    tools,
    shelf,
  );
  await compareCommands(ROUNDS.commands, tools, shelf);
  return gatedRatios(tools.figures);
}

function judge({ machine, ratios }: Committed, measured: Ratios): GateResult {
  const verdicts = compareRatios(ratios, measured);
  const lost = verdicts.filter(isLost);
  const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  const percent = (loss: number | null): string =>
    loss === null ? '-' : `${loss < 0 ? '-' : '+'}${Math.abs(100 * loss).toFixed(1)} %`;
  const rows = verdicts.map((one) => [
    one.name,
    number(one.committed),
    number(one.measured),
    percent(one.loss),
    one.verdict,
  ]);
  const end =
    lost.length === 0
      ? `Nothing is lost: no ratio is more than ${100 * MOST_LOSS} % above the committed one.`
      : `${lost.length} lost: ${lost.map(({ name }) => name).join('; ')}. At most ${100 * MOST_LOSS} % may be.`;
  return {
    text: [
      ...table([['ratio, less is better', 'committed', 'measured', 'change', 'verdict'], ...rows]),
      '',
      `committed on: ${machine}`,
      `measured on:  ${readMachine().text}`,
      end,
    ].join('\n'),
    isLost: lost.length > 0,
    verdicts,
  };
}
