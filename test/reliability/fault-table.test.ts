// The fault table of docs/reliability.md: every row is a run under load, and the page has exactly these rows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Leftovers } from '../../scripts/bench/leftovers.ts';
import { judgeTurn } from '../../scripts/chaos/table/judge.ts';
import type { Turn } from '../../scripts/chaos/table/project.ts';
import { FAULT_ROWS } from '../../scripts/chaos/table/rows.ts';
import { takeTurn } from '../../scripts/chaos/table/turn.ts';
import { APART } from '../support/placements.ts';
import { REPOSITORY } from '../support/project.ts';

/** Several runs side by side on a machine that is busy with other tests. */
const LONG_MS = 120_000;

const leftovers = new Leftovers();
afterAll(() => leftovers.remove());

const CASES = APART.flatMap((placement) =>
  FAULT_ROWS.filter(({ outcomes }) => outcomes[placement] !== undefined).map(
    (row) => [row.title, placement, row] as const,
  ),
);

test.concurrent.each(CASES)(
  'a service that %s, in placement %s, costs the others no request and is told',
  async (_title, placement, row) => {
    const turn = await takeTurn(row, placement, leftovers);
    expect(turn.failed).toEqual([]);
    expect(turn.told.map(({ code }) => code)).toEqual(
      expect.arrayContaining([...(row.outcomes[placement]?.codes ?? [])]),
    );
    expect(judgeTurn(row, placement, turn)).toEqual([]);
  },
  LONG_MS,
);

test('whatever is not as it must be is seen', () => {
  const [row] = FAULT_ROWS;
  if (row === undefined) throw new Error('there are no rows');
  const told = {
    service: 'foo',
    code: 'CRASHED',
    message: '"foo" crashed: division by zero',
    lastLines: ['about to fail'],
  };
  const good: Turn = {
    told: [told],
    lines: [],
    answered: 400,
    failed: [],
    state: 'ready',
    incarnation: 2,
    isSamePort: true,
    answers: 'foo',
    againMs: 100,
    left: [],
  };
  const judge = (change: Partial<Turn>): string[] => judgeTurn(row, 'thread', { ...good, ...change });
  expect(judge({})).toEqual([]);
  expect(judge({ failed: ['other1: ECONNREFUSED'] })).toEqual([
    'a request to the others failed: other1: ECONNREFUSED',
  ]);
  expect(judge({ answered: 10 })).toEqual(['only 10 requests to the others were answered']);
  expect(judge({ told: [told, { ...told, service: 'other1' }] })).toEqual([
    'told: foo CRASHED, other1 CRASHED; wanted: foo CRASHED',
  ]);
  expect(judge({ told: [{ ...told, lastLines: [] }] })).toEqual([
    '"about to fail" is not among its last lines',
  ]);
  expect(judge({ incarnation: 1, isSamePort: false })).toEqual([
    'incarnation 1 instead of 2',
    'its port has changed',
  ]);
  expect(judge({ state: 'failed', answers: null })).toEqual(['foo is failed', 'foo answers "null"']);
  expect(judge({ left: ['run-1'] })).toEqual(['left: run-1']);
});

test('docs/reliability.md has exactly these rows', () => {
  const page = readFileSync(join(REPOSITORY, 'docs', 'reliability.md'), 'utf8');
  const [, section = ''] = page.split('\n## The fault table\n');
  const [text = ''] = section.split('\n## ');
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(cells.map(([, title, reported]) => ({ title, reported }))).toEqual(
    FAULT_ROWS.map(({ title, reported }) => ({ title, reported })),
  );
});

test('what a row says is reported are the codes that are', () => {
  for (const { reported, outcomes } of FAULT_ROWS) {
    const named = [...reported.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
    const codes = Object.values(outcomes).flatMap((outcome) => outcome.codes);
    expect(new Set(named)).toEqual(new Set(codes));
  }
});
