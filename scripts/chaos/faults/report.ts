// What a chaos run has done and seen, as text and as data. Pure.
import { spread } from '../../bench/report/statistics.ts';
import { table } from '../../bench/report/table.ts';
import type { StepResult } from './actions.ts';
import type { Step } from './plan.ts';

/** A step and how it went. */
export interface DoneStep {
  readonly step: Step;
  readonly result: StepResult;
}

/** All a run is told of. */
export interface ChaosFacts {
  readonly seed: number;
  readonly minutes: number;
  readonly done: readonly DoneStep[];
  readonly restarts: number;
  readonly lives: number;
  readonly lines: number;
  readonly requests: number;
  readonly ratePerSecond: number;
  readonly failedOnTouched: number;
  readonly failedOnUntouched: number;
  /** The longest answer of an untouched service, in milliseconds, when one took more than 250. */
  readonly longestAnswerMs: number | null;
}

/** How many of the last actions a failure shows. */
const LAST_ACTIONS = 10;

/** For people. */
export function toText(facts: ChaosFacts, broken: readonly string[]): string {
  const { seed, minutes, done } = facts;
  const longest = facts.longestAnswerMs === null ? 'below 250' : facts.longestAnswerMs.toFixed(0);
  return [
    ...byKind(done),
    '',
    `load held       ${facts.requests} requests answered (${facts.ratePerSecond.toFixed(0)} a second), longest answer ${longest} ms`,
    `failed          ${facts.failedOnUntouched} on untouched services, ${facts.failedOnTouched} on touched ones`,
    `steps           ${done.length}, survived ${done.filter(isSurvived).length}, lost ${done.filter((each) => !isSurvived(each)).length}`,
    `incarnations    ${facts.lives}, ${facts.restarts} of them restarts; ${facts.lines} numbered lines, none missing unless said`,
    `seed            ${seed}, ${minutes} min`,
    ...(broken.length === 0 ? [] : ['', 'The last actions:', ...lastActions(done)]),
  ].join('\n');
}

function isSurvived({ result }: DoneStep): boolean {
  return result.againMs !== null;
}

/** One line a kind of fault: how often, and how long until all were ready again. */
function byKind(done: readonly DoneStep[]): string[] {
  const kinds = [...new Set(done.map(({ step }) => step.kind))].sort();
  const rows = kinds.map((kind) => {
    const those = done.filter(({ step }) => step.kind === kind);
    const times = those.flatMap(({ result }) => result.againMs ?? []);
    const { median, max } = times.length === 0 ? { median: Number.NaN, max: Number.NaN } : spread(times);
    return [kind, String(those.length), String(times.length), median.toFixed(0), max.toFixed(0)];
  });
  return table([['fault or command', 'times', 'survived', 'ready again ms', 'worst ms'], ...rows]);
}

/** The last steps, as the seed makes them. */
function lastActions(done: readonly DoneStep[]): string[] {
  return done.slice(-LAST_ACTIONS).map(({ step, result }) => {
    const how = result.againMs === null ? 'lost' : `${result.againMs.toFixed(0)} ms`;
    return `  ${step.number}. ${step.kind}: ${step.services.join(', ')} (${how})`;
  });
}
