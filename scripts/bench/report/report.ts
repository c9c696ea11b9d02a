// The report for people. Pure.
import type { Machine } from '../machine.ts';
import type { Scenario } from '../scenario.ts';
import { type Figure, Figures, type Group } from './figures.ts';
import { figureRows, table } from './table.ts';
import { judgeTargets } from './targets.ts';

/** Everything that was found. Survives JSON. */
export interface Findings {
  readonly machine: Machine;
  /** What was compared, with versions. */
  readonly sides: readonly string[];
  /** What could not be compared -> why. */
  readonly skipped: Readonly<Record<string, string>>;
  /** What did not do what it had to -> what happened. */
  readonly failed: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
}

/** The report of some scenarios. */
export function reportText(findings: Findings, scenarios: Readonly<Record<string, Scenario>>): string {
  const figures = new Figures(findings.figures);
  return [
    ...Object.entries(scenarios).flatMap(([name, scenario]) => [
      ...figures
        .groups(name)
        .flatMap((group) => [
          `${headOf(scenario, group)}: median (lowest-highest)`,
          ...table(figureRows(figures, group, scenario.reference)),
          '',
        ]),
      ...(scenario.conclusions?.(figures) ?? []),
      ...scenario.explanation,
      '',
    ]),
    ...targetLines(figures),
    ...notes(findings).map((note) => note.replaceAll('`', '')),
    ...findings.sides,
    findings.machine.text,
  ].join('\n');
}

/** Targets about which something was measured. */
function targetLines(figures: Figures): string[] {
  const rows = judgeTargets(figures)
    .filter(({ verdict }) => verdict !== 'not measured')
    .map(({ line, text, bound, measured, verdict }) => [`${line}. ${text}`, bound, measured, verdict]);
  return rows.length === 0 ? [] : [...table([['target', 'bound', 'measured', 'verdict'], ...rows]), ''];
}

/** For example `Boot: js, 15 services`. */
export function headOf({ title }: Scenario, { what, services }: Group): string {
  const count = services === 0 ? '' : `, ${services} ${services === 1 ? 'service' : 'services'}`;
  return `${title}: ${what}${count}`;
}

/** What was skipped and what failed, one line each. */
export function notes({ skipped, failed }: Findings): string[] {
  const line = (word: string, entries: Readonly<Record<string, string>>): string[] =>
    Object.entries(entries).map(([who, reason]) => `${who} ${word}: ${reason.split('\n').join(' | ')}`);
  return [...line('skipped', skipped), ...line('FAILED', failed)];
}
