// Line coverage of launcher/ over everything the test suite runs: jest itself, the processes it starts and their
// threads. Prints the files, the worst first, and ends with exit code 1 below 90 % of lines or when a test fails.
//
// V8 counts in all of them (NODE_V8_COVERAGE). jest runs the sources in place, processes and threads run dist/, where
// the bundler has changed statements; so each statement of a source is looked up in every script that holds it.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsAt, type ScriptCoverage } from './line-coverage/hits.ts';
import {
  coverLines,
  type FileCoverage,
  formatLcov,
  formatTable,
  percent,
} from './line-coverage/line-report.ts';
import {
  makeSource,
  type Place,
  placesInBundle,
  placesInSource,
  type Source,
} from './line-coverage/places.ts';

/** The least share of lines, in percent. */
const LEAST = 90;

const root = join(import.meta.dirname, '..');

if (process.argv.includes('--help')) {
  console.log(
    'node scripts/coverage.ts [jest arguments..]\n\nRuns the tests and reports line coverage of launcher/.',
  );
} else {
  process.exitCode = main(process.argv.slice(2));
}

function main(jestArguments: readonly string[]): number {
  runNode(['scripts/build.ts', '--if-stale']);
  // Read before the tests run: what is on disk now is what they run.
  const sources = readSources();
  const scripts = readScripts(sources);
  const raw = join(root, 'coverage', 'raw');
  rmSync(raw, { recursive: true, force: true });
  try {
    const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
    // In one process: jest ends the others in a way that loses what V8 has counted.
    const status = runNode([...jest, '--runInBand', ...jestArguments], { NODE_V8_COVERAGE: raw });
    const files = report(sources, countAll(raw, sources, scripts));
    writeReports(files);
    const isEnough = percent(files) >= LEAST;
    if (!isEnough) console.error(`\nLine coverage is below ${LEAST} %.`);
    return status === 0 && isEnough ? 0 : 1;
  } finally {
    rmSync(raw, { recursive: true, force: true });
  }
}

function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const options = { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' } as const;
  return spawnSync(process.execPath, args, options).status ?? 1;
}

/** Path -> source. */
function readSources(): Map<string, Source> {
  const paths = globSync('launcher/**/*.ts', { cwd: root }).map((path) => join(root, path));
  return new Map(
    paths.map((path) => [path, makeSource(path, stripTypeScriptTypes(readFileSync(path, 'utf8')))]),
  );
}

/** Path of a script -> the statements in it. */
function readScripts(sources: ReadonlyMap<string, Source>): Map<string, readonly Place[]> {
  const bundles = globSync('dist/**/*.{js,cjs}', { cwd: root }).map((path) => join(root, path));
  return new Map([
    ...[...sources].map(([path, source]) => [path, placesInSource(source)] as const),
    ...bundles.map((path) => [path, placesInBundle(path, sources)] as const),
  ]);
}

type Totals = Map<Source, (number | null)[]>;

/** Source -> how often each of its statements was run, in the script and thread that ran it most. */
function countAll(
  folder: string,
  sources: ReadonlyMap<string, Source>,
  scripts: ReadonlyMap<string, readonly Place[]>,
): Totals {
  const totals: Totals = new Map([...sources.values()].map((one) => [one, one.statements.map(() => null)]));
  for (const places of scripts.values()) addCounts(places, [], totals);
  for (const script of readdirSync(folder).flatMap((name) => readScriptCoverage(join(folder, name)))) {
    const places = scripts.get(pathOf(script.url)) ?? [];
    const offsets = places.map(({ offset }) => offset);
    addCounts(places, countsAt(offsets, script), totals);
  }
  return totals;
}

/** What one thread has left behind; nothing when it was killed while it wrote. */
function readScriptCoverage(path: string): readonly ScriptCoverage[] {
  try {
    const { result } = JSON.parse(readFileSync(path, 'utf8')) as { result: readonly ScriptCoverage[] };
    return result.filter(({ url }) => url.startsWith('file:'));
  } catch {
    console.error(`Left out, not complete: ${path}`);
    return [];
  }
}

function addCounts(places: readonly Place[], counts: readonly number[], totals: Totals): void {
  places.forEach(({ source, statement }, index) => {
    const total = totals.get(source);
    if (total !== undefined) total[statement] = Math.max(total[statement] ?? 0, counts[index] ?? 0);
  });
}

/** A module may be loaded more than once, each time with another query. */
function pathOf(url: string): string {
  return fileURLToPath(url.replace(/[?#].*$/, ''));
}

function report(sources: ReadonlyMap<string, Source>, totals: Totals): FileCoverage[] {
  const files = [...sources.values()].map((source) => {
    const path = relative(root, source.path).split(sep).join('/');
    return coverLines(source, path, totals.get(source) ?? []);
  });
  return files.filter(({ lines }) => lines.size > 0);
}

function writeReports(files: readonly FileCoverage[]): void {
  const folder = join(root, 'coverage');
  const table = formatTable(files);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lcov.info'), formatLcov(files));
  writeFileSync(join(folder, 'coverage.txt'), `${table}\n`);
  console.log(`\n${table}`);
}
