// docs/compatibility.md lists what this suite runs: the same programs, the versions installed, the placements tried.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLACEMENTS } from '../support/placements.ts';
import { PROGRAMS, type Program } from '../support/programs.ts';
import { REPOSITORY } from '../support/project.ts';

const ENTRIES: readonly [string, Program][] = Object.entries(PROGRAMS);

function read(...path: string[]): string {
  return readFileSync(join(REPOSITORY, ...path), 'utf8');
}

/** The rows of the table, the first one with the names of its columns; a cell without its link and its blanks. */
function readTable(): string[][] {
  const lines = read('docs', 'compatibility.md').split('\n');
  const first = lines.findIndex((line) => line.startsWith('| Program'));
  const last = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  return lines
    .slice(first, last)
    .filter((line) => !/^[| -]+$/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^\[(.*)\]\(.*\)$/, '$1')));
}

function versionTried({ package: name }: Program): string {
  if (name === null) return 'Node';
  const { version } = JSON.parse(read('node_modules', name, 'package.json')) as { version: string };
  return `${name} ${version}`;
}

test('every program stands in the table, with its version and where it is run', () => {
  const [columns = [], ...rows] = readTable();
  const placements = columns.slice(2, -1);
  expect(placements).toEqual(expect.arrayContaining([...PLACEMENTS]));
  const isRun = (placement: string): boolean => PLACEMENTS.some((each) => each === placement);
  const expected = ENTRIES.map(([name, program]) => [
    name,
    versionTried(program),
    ...placements.map((placement) => (isRun(placement) ? 'yes' : '-')),
  ]);
  expect(rows.map((row) => row.slice(0, -1))).toEqual(expected);
  expect(rows.filter((row) => row.at(-1) === '')).toEqual([]);
});

test('every program is run by a test, and every folder is a program', () => {
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const started = tests.flatMap((name) =>
    [...read('test', 'compat', name).matchAll(/startProgram\(\s*'([^']+)'/g)].map(
      ([, program = '']) => program,
    ),
  );
  const names = ENTRIES.map(([name]) => name).sort();
  expect([...new Set(started)].sort()).toEqual(names);
  expect(readdirSync(join(REPOSITORY, 'test', 'fixtures', 'programs')).sort()).toEqual(names);
});
