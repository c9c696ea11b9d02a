// The command `npm run bench`: its arguments, one small real run, and that an interrupted run leaves nothing.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { HAS_PROCESS_USAGE, treePids } from '../../scripts/bench/measure/process-usage.ts';
import { readOptions } from '../../scripts/bench/options.ts';
import type { Findings } from '../../scripts/bench/report/report.ts';
import { hasEnded } from '../support/processes.ts';
import { makeProject, REPOSITORY } from '../support/project.ts';

/** A few boots, on a machine that is busy with other tests. */
const LONG_MS = 120_000;

const SMALL = ['boot', '--services', '2', '--rounds', '1', '--flavour', 'js', '--placements', 'thread'];

function bench(args: readonly string[], folder: string): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [join(REPOSITORY, 'scripts', 'bench', 'main.ts'), ...args], {
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function result(child: ChildProcessByStdio<null, Readable, Readable>) {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...ended) => resolve(ended)),
  );
  return { ...texts, exitCode, signal };
}

/** A folder for temporary files of its own. */
function temporary(root: string): string {
  const folder = join(root, 'tmp');
  mkdirSync(folder);
  return folder;
}

test.each([
  [['bot'], 'No scenario "bot". Known: boot, memory'],
  [['boot', '--services', '0'], '--services takes a number from 1 to 999, not "0".'],
  [['boot', '--services', '15,many'], '--services takes a number from 1 to 999, not "many".'],
  [['--rounds', '1.5'], '--rounds takes a number from 1 to 999, not "1.5".'],
  [['--flavour', 'go'], '--flavour is one of: js, ts, heavy; not "go".'],
  [['--peers', 'bare,wat'], '--peers is one of: bare, single, process, watch, watt; not "wat".'],
  [['--placements', 'process'], '--placements is one of: thread, shared; not "process".'],
  [['--check', '--update'], '--check and --update exclude each other.'],
  [['boot', '--check'], '--check chooses what it measures: leave out "boot".'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
])('%j is refused, and the value is named', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

test('what is chosen is measured, and only a complete run writes the page', () => {
  expect(
    readOptions(['boot', '--peers', 'bare,watt', '--placements', 'none', '--services', '5,15']),
  ).toMatchObject({
    scenarios: [['boot', {}]],
    writes: 'nothing',
    gate: null,
    options: { services: [5, 15], rounds: null, sides: ['bare', 'watt'] },
  });
  expect(readOptions([])?.writes).toBe('all');
  expect(readOptions(['--rounds', '1'])?.writes).toBe('nothing');
  expect(readOptions(['cli', '--write'])?.writes).toBe('measured');
  expect(readOptions(['--help'])).toBeNull();
});

test('a mistake on the command line ends with 2, and help with 0', async () => {
  using project = makeProject({ packages: false });
  const folder = temporary(project.root);
  const [bad, help] = await Promise.all([
    result(bench(['boot', '--peers', 'nobody'], folder)),
    result(bench(['--help'], folder)),
  ]);
  expect(bad).toMatchObject({ exitCode: 2, stdout: '' });
  expect(bad.stderr).toContain('not "nobody"');
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(help.stdout).toContain('Examples:');
});

test(
  'a small run measures uber and what a person writes by hand',
  async () => {
    using project = makeProject({ packages: false });
    const folder = temporary(project.root);
    const { stdout, stderr, exitCode } = await result(
      bench([...SMALL, '--peers', 'bare,process,single', '--json'], folder),
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining('thread cold: up in'),
    });
    const { figures, failed } = JSON.parse(stdout) as Findings;
    expect(failed).toEqual({});
    const booted = figures.filter(({ metric }) => metric === 'bootMs').map(({ side }) => side);
    expect(booted).toEqual(['bare', 'single', 'process', 'thread', 'thread cold', 'thread changed']);
    expect(figures.every(({ values }) => values.length === 1 && values.every((value) => value > 0))).toBe(
      true,
    );
    expect(readdirSync(folder)).toEqual([]);
  },
  LONG_MS,
);

test(
  'an interrupted run leaves no process and no folder',
  async () => {
    using project = makeProject({ packages: false });
    const folder = temporary(project.root);
    const child = bench([...SMALL, '--peers', 'process'], folder);
    const ended = result(child);
    const pids = await startedBy(child.pid ?? 0);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ signal: 'SIGINT' });
    await Promise.all(pids.map(hasEnded));
    expect(readdirSync(folder)).toEqual([]);
  },
  LONG_MS,
);

/** Resolves with the processes a process has started as soon as there are some. Nothing where they cannot be told. */
async function startedBy(pid: number): Promise<number[]> {
  if (!HAS_PROCESS_USAGE) return [];
  while (treePids(pid).length < 2) await new Promise((resolve) => setImmediate(resolve));
  return treePids(pid).slice(1);
}
