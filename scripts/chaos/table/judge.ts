// Whether a turn of the fault table is as it must be. Pure.
import type { PlacementName } from '../../../launcher/types.ts';
import { REQUESTS, type Turn } from './project.ts';
import type { FaultRow, Outcome } from './rows.ts';

/** One sentence for each thing that must hold and does not. */
export function judgeTurn(row: FaultRow, placement: PlacementName, turn: Turn): string[] {
  const outcome = row.outcomes[placement];
  if (outcome === undefined) return [`it is not for placement ${placement}`];
  return [
    ...turn.failed.map((text) => `a request to the others failed: ${text}`),
    ...(turn.answered < REQUESTS ? [`only ${turn.answered} requests to the others were answered`] : []),
    ...judgeTold(row, outcome, turn),
    ...judgeSequel(row, outcome, turn),
    ...turn.left.map((what) => `left: ${what}`),
  ];
}

function judgeTold({ lastLine }: FaultRow, outcome: Outcome, { told, lines }: Turn): string[] {
  const { codes, besides = [], says } = outcome;
  const wanted = codes.map((code) => `foo ${code}`).join(', ');
  const expected = told.filter(
    ({ service, code }) => service !== 'foo' || !besides.some((each) => each === code),
  );
  const seen = expected.map(({ service, code }) => `${service} ${code}`).join(', ');
  const isSaid = [...told.map(({ message }) => message), ...lines].some((text) => says.test(text));
  const hasLine = lastLine === null || told.some(({ lastLines }) => lastLines.includes(lastLine));
  return [
    ...(seen === wanted ? [] : [`told: ${seen || 'nothing'}; wanted: ${wanted || 'nothing'}`]),
    ...(isSaid ? [] : [`nothing says ${says}: ${told.map(({ message }) => message).join(' ')}`]),
    ...(hasLine ? [] : [`"${lastLine}" is not among its last lines`]),
  ];
}

function judgeSequel(row: FaultRow, { sequel }: Outcome, turn: Turn): string[] {
  const { state, incarnation, isSamePort, answers } = turn;
  if (sequel === 'given up') return state === 'failed' ? [] : [`foo is ${state}, not given up`];
  const wanted = sequel === 'run ends' ? 1 : row.incarnation;
  return [
    ...(state === 'ready' ? [] : [`foo is ${state}`]),
    ...(answers === 'foo' ? [] : [`foo answers "${answers}"`]),
    ...(incarnation === wanted ? [] : [`incarnation ${incarnation} instead of ${wanted}`]),
    ...(isSamePort ? [] : ['its port has changed']),
  ];
}
