// Any command line ends with an exit code of the contract.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { countInputs, printCounts, RUNS, SEED } from '../support/fuzz.ts';
import { makeProject, REPOSITORY } from '../support/project.ts';

afterAll(printCounts);

test('any arguments end in a result, or in one sentence', async () => {
  using project = makeProject({
    files: {
      // What is bundled below reads its version here.
      'package.json': '{ "type": "module", "private": true, "version": "0.0.0" }',
      'services/foo.js': '',
      'services/bar.js': '',
      'uber.config.json': '{ "groups": { "core": ["foo"] } }',
    },
  });
  const bundle = project.path('runner.mjs');
  // As dist/ is: some of the libraries work only in a bundle.
  await build({
    entryPoints: [join(REPOSITORY, 'test', 'fuzz', 'command-line-runner.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['esbuild', 'oxc-transform', 'pino'],
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
    logLevel: 'silent',
  });
  const runner = fork(bundle, [String(SEED), String(RUNS ?? 600)], {
    cwd: project.root,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  const [message] = await Promise.race([
    once(runner, 'message'),
    once(runner, 'exit').then(() => [{ count: 0, failure: 'the process has ended' }]),
  ]);
  if (runner.exitCode === null) await once(runner, 'exit');
  expect(message).toMatchObject({ failure: null });
  countInputs('command lines', message.count);
  expect(project.leftRuns()).toEqual([]);
});
