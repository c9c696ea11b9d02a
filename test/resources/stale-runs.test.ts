// Folders that a run has left behind, and whose they were.
import { readFileSync, statSync } from 'node:fs';
import { listStaleRuns, RunDirectory } from '../../launcher/resources/run-directory.ts';
import { makeProject } from '../support/project.ts';
import { runUber, UberProcess } from '../support/uber-process.ts';

test('a run writes down whose it is, for its owner only', async () => {
  using project = makeProject({ packages: false });
  const run = RunDirectory.create(project.root, 1_700_000_000_000);
  const path = project.path('.uber', 'runs', run.runId, '_run.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ pid: process.pid, startedMs: 1_700_000_000_000 });
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(listStaleRuns(project.root)).toEqual([]);
  expect(listStaleRuns(project.root, () => false)).toEqual([
    { runId: run.runId, path: run.path, pid: process.pid, startedMs: 1_700_000_000_000 },
  ]);
  await run.remove();
  expect(project.leftRuns()).toEqual([]);
});

test('a launcher that was killed leaves a folder, which uber doctor shows', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts' } });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  const { run } = await uber.event('up');
  const live = await runUber(['doctor'], { cwd: project.root });
  expect(live.stdout).not.toContain(String(run));
  uber.kill('SIGKILL');
  await uber.ended;
  const { stdout, exitCode } = await runUber(['doctor'], { cwd: project.root });
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`Run ${run} of `);
  expect(stdout).toContain(`(process ${uber.child.pid} has ended)`);
});
