// Scenario `table`: the fault table of docs/reliability.md, measured.
import type { PlacementName } from '../../../launcher/types.ts';
import { spread } from '../../bench/report/statistics.ts';
import type { ChaosScenario } from '../scenario.ts';
import { judgeTurn } from './judge.ts';
import type { Turn } from './project.ts';
import { FAULT_ROWS, type FaultRow } from './rows.ts';
import { takeTurn } from './turn.ts';

/** Turns of each row. */
const TURNS = 3;

/** What came of the turns of one row. */
interface Measured {
  readonly fault: string;
  readonly placement: PlacementName;
  readonly codes: readonly string[];
  readonly answered: number;
  readonly failed: number;
  /** From the fault to ready again in milliseconds; null when nothing is started again. */
  readonly againMs: { readonly median: number; readonly max: number } | null;
  readonly broken: readonly string[];
}

export const tableScenario: ChaosScenario = {
  summary: 'Every fault of docs/reliability.md, three times: what the others see, and how long it takes',
  run: async ({ placement }, { leftovers, progress }) => {
    const measured: Measured[] = [];
    for (const row of FAULT_ROWS.filter(({ outcomes }) => outcomes[placement] !== undefined)) {
      const turns: Turn[] = [];
      while (turns.length < TURNS) {
        progress(`${row.title}, turn ${turns.length + 1}`);
        turns.push(await takeTurn(row, placement, leftovers));
      }
      measured.push(sumUp(row, placement, turns));
    }
    return {
      text: toMarkdown(measured),
      data: { measured },
      broken: measured.flatMap(({ fault, broken }) => broken.map((text) => `${fault}: ${text}`)),
    };
  },
};

function sumUp(row: FaultRow, placement: PlacementName, turns: readonly Turn[]): Measured {
  const times = turns.flatMap(({ againMs }) => againMs ?? []);
  const failed = turns.reduce((sum, turn) => sum + turn.failed.length, 0);
  const answered = turns.reduce((sum, turn) => sum + turn.answered, 0);
  return {
    fault: row.title,
    placement,
    codes: [...new Set(turns.flatMap(({ told }) => told.map(({ code }) => code)))],
    answered,
    failed,
    againMs: times.length === 0 ? null : spread(times),
    broken: [...new Set(turns.flatMap((turn) => judgeTurn(row, placement, turn)))],
  };
}

function toMarkdown(measured: readonly Measured[]): string {
  const rows = measured.map(({ fault, placement, codes, answered, failed, againMs }) => [
    fault,
    codes.map((code) => `\`${code}\``).join(', ') || '-',
    `${count(failed)} of ${count(answered + failed)} failed`,
    againMs === null ? '-' : `${count(Math.round(againMs.median))} ms`,
    placement,
  ]);
  const head = ['What the service does', 'Reported', 'What the others see', 'Ready again after', 'Placement'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `1234` -> `1,234`. */
function count(value: number): string {
  return value.toLocaleString('en-US');
}
