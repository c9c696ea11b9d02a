// Runs the whole test suite on the newest Node 22, 24 and 26 and on the oldest Node that is supported, one after the
// other, and prints a line for each.
//
// Every Node comes from the npm package `node`, installed into a temporary folder whose binaries stand first on PATH,
// so what the tests spawn as `node` or as `process.execPath` is that version. What they run through npm is not: npm
// puts this project's own node_modules/.bin in front, where the devDependency `node` (24) lives.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

/** What npm is asked for; the last is the least of "engines" in package.json. */
const VERSIONS = ['22', '24', '26', '22.18.0', '24.0.2'];

const HELP = `node scripts/test-matrix.ts [--only <version>..] [-- jest arguments..]

Runs the test suite on Node ${VERSIONS.join(', ')}.

  --only <version>  only this one; may be given more than once
  --help            this text`;

const root = join(import.meta.dirname, '..');
const folders = new Set<string>();

/** Ended by a signal, the script still removes what it has installed. */
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort(signal));
}
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  await run(process.execPath, ['scripts/build.ts', '--if-stale'], root);
  const results: boolean[] = [];
  for (const version of values.only ?? VERSIONS) {
    if (interrupted.signal.aborted) return 1;
    results.push(await testOn(version, positionals));
  }
  return results.every(Boolean) ? 0 : 1;
}

/** Prints a line, and what the tests wrote when some failed. */
async function testOn(version: string, jestArguments: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'uber-matrix-'));
  folders.add(folder);
  try {
    const bin = await installNode(version, folder);
    const beganMs = performance.now();
    const result = await runTests(bin, jestArguments);
    const seconds = (performance.now() - beganMs) / 1000;
    if (result.exitCode !== 0) console.log(result.output);
    const { passed, failed } = countTests(result.output);
    const note = result.exitCode !== 0 && failed === 0 ? ', but jest failed' : '';
    const name = (await run(join(bin, 'node'), ['--version'], root)).output.trim();
    console.log(`${name.padEnd(9)}  ${passed} passed, ${failed} failed${note}  ${seconds.toFixed(1)} s`);
    return result.exitCode === 0;
  } catch (error) {
    console.log(`${version.padEnd(9)}  ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

/** Returns the folder of the binary. */
async function installNode(version: string, folder: string): Promise<string> {
  // The package fetches its binary in a script of its own, which npm runs for packages on this list only.
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }\n');
  const { exitCode, output } = await run(
    'npm',
    ['install', '--no-audit', '--no-fund', `node@${version}`],
    folder,
  );
  if (exitCode !== 0) throw new Error(`could not be installed:\n${output}`);
  return join(folder, 'node_modules', '.bin');
}

function runTests(bin: string, jestArguments: readonly string[]): Promise<Ended> {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  return run(join(bin, 'node'), [...jest, ...jestArguments], root, env);
}

/** From the summary of jest: `Tests:  1 failed, 2 skipped, 80 passed, 83 total`. */
function countTests(output: string): { passed: number; failed: number } {
  const summary = /^Tests: .*$/m.exec(output)?.[0] ?? '';
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed') };
}

interface Ended {
  readonly exitCode: number;
  /** Of both streams, as it came. */
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string, env = process.env): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: interrupted.signal,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', (error) => {
      // One that has started is waited for, also when it is interrupted: it may still be writing.
      if (child.pid === undefined) reject(error);
    });
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, output }));
  });
}
