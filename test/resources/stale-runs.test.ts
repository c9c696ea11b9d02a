// Folders that a run has left behind, and whose they were.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunAlive } from '../../launcher/control/control-client.ts';
import { ControlServer } from '../../launcher/control/control-server.ts';
import { socketFolder } from '../../launcher/platform.ts';
import { isSurelyDead, markText, ownMark, type ProcessMark } from '../../launcher/platform-processes.ts';
import { runDied } from '../../launcher/resources/run-died.ts';
import { RunDirectory } from '../../launcher/resources/run-directory.ts';
import { listLeftRuns, passageName, runsFolder } from '../../launcher/resources/run-registry.ts';
import { beginSweep, type SweptRun } from '../../launcher/resources/sweep.ts';
import { hasEnded, isAlive } from '../support/processes.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { runUber, UberProcess } from '../support/uber-process.ts';

const START_MS = 1_700_000_000_000;

function runsOf(project: TestProject): string {
  return runsFolder(project.path('.uber'));
}

/** The mark of a process that has ended. */
async function deadMark(): Promise<ProcessMark> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return { ...ownMark(START_MS), pid: child.pid ?? 0 };
}

/** A folder as a run leaves it that was killed. */
async function leaveRun(project: TestProject): Promise<RunDirectory> {
  const run = RunDirectory.create(project.root, START_MS);
  mkdirSync(run.dataDir('foo'));
  writeFileSync(join(run.path, '_run.json'), JSON.stringify(await deadMark()));
  return run;
}

async function sweep(project: TestProject): Promise<SweptRun[]> {
  const swept: SweptRun[] = [];
  await beginSweep(runsOf(project), {
    onSwept: (run) => swept.push(run),
    isAnswering: isRunAlive,
  }).done;
  return swept;
}

test('a run writes down whose it is, for its owner only', async () => {
  using project = makeProject({ packages: false });
  const run = RunDirectory.create(project.root, START_MS);
  const path = join(run.path, '_run.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(ownMark(START_MS));
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await listLeftRuns(runsOf(project))).toEqual([]);
  expect(await listLeftRuns(runsOf(project), async () => true)).toMatchObject([
    { runId: run.runId, path: run.path, kind: 'died', owner: { pid: process.pid, startedMs: START_MS } },
  ]);
  await run.remove();
  expect(project.leftRuns()).toEqual([]);
});

describe('whether a process has surely ended', () => {
  const own = ownMark(Date.now());

  test('one that lives has not, one that is gone has', async () => {
    expect(await isSurelyDead(own)).toBe(false);
    expect(await isSurelyDead(await deadMark())).toBe(true);
  });

  test('one whose start is not known has not, as long as something has its number', async () => {
    expect(await isSurelyDead({ ...own, linux: null })).toBe(false);
    expect(await isSurelyDead({ ...(await deadMark()), linux: null })).toBe(true);
  });

  test('one on another machine, or in a virtual machine that shares the folder, is not known', async () => {
    const elsewhere = { ...(await deadMark()), host: '00000000' };
    expect(await isSurelyDead(elsewhere)).toBe(false);
    expect(await isSurelyDead({ ...elsewhere, linux: null })).toBe(false);
  });

  if (own.linux !== null) {
    const { linux } = own;
    test.each([
      ['another process with its number', { ...linux, ticks: '1' }, true],
      ['before the last start of the machine', { ...linux, boot: '00000000' }, true],
      ['in another container', { ...linux, space: '1', ticks: '1' }, false],
    ])('%s', async (_what, mark, isDead) => {
      expect(await isSurelyDead({ ...own, linux: mark })).toBe(isDead);
    });
  }
});

test('a run whose control socket answers is alive, whatever its process looks like', async () => {
  using project = makeProject({ packages: false });
  const run = await leaveRun(project);
  const control = new ControlServer({ folder: run.path, runId: run.runId, methods: {} });
  await control.open();
  expect(await sweep(project)).toEqual([]);
  expect(project.leftRuns()).toEqual([run.runId]);
  await control.close();
  expect(await sweep(project)).toMatchObject([{ runId: run.runId }]);
  expect(project.leftRuns()).toEqual([]);
});

test('what a killed run has left is removed: folder, socket and processes', async () => {
  using project = makeProject({ packages: false });
  const run = await leaveRun(project);
  writeFileSync(run.logPath('foo'), `${'x'.repeat(9000)}\nlast but one\nlast words\n`);
  writeFileSync(run.logPath('silent'), '');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    env: { ...process.env, UBER_RUN_ID: run.runId },
    detached: true,
  });
  await once(child, 'spawn');
  const notASocket = project.path('precious.txt');
  writeFileSync(notASocket, 'not to be removed');
  run.adoptSocket(notASocket);
  const socket = join(tmpdir(), `uber-test-${run.runId}.sock`);
  const early = join(tmpdir(), `uber-${run.runId}-4000-0.sock`);
  await leaveSockets([socket, early]);
  const control = socketFolder(run.runId);
  mkdirSync(control, { mode: 0o700 });
  run.adoptSocket(socket);
  const [swept, ...others] = await sweep(project);
  expect(others).toEqual([]);
  expect(swept).toMatchObject({
    ...{ runId: run.runId, startedMs: START_MS, processes: 1, isRemoved: true },
    services: [
      { service: 'foo', lastLines: [expect.stringMatching(/^x{500}$/), 'last but one', 'last words'] },
    ],
  });
  await hasEnded(child.pid ?? 0);
  expect([socket, early, control].filter((path) => existsSync(path))).toEqual([]);
  expect(existsSync(notASocket)).toBe(true);
  expect(project.leftRuns()).toEqual([]);
  const { code, message, lastLines } = runDied(swept as SweptRun);
  expect(code).toBe('RUN_DIED');
  expect(message).toMatch(
    /^The run of 2023-11-1\d \d\d:\d\d:20 \(process \d+\) ended without stopping: .* One of its processes was still there/,
  );
  expect(lastLines).toEqual([`foo | ${'x'.repeat(500)}`, 'foo | last but one', 'foo | last words']);
});

/** Makes sockets that nobody removes: their process is killed. */
async function leaveSockets(paths: readonly string[]): Promise<void> {
  const code = `for (const path of ${JSON.stringify(paths)}) require('net').createServer().listen(path, () => console.log());`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = 0;
  while (lines < paths.length) lines += String((await once(child.stdout, 'data'))[0]).length;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('what a service has put in the place of a socket does not keep the folder of its run', async () => {
  for (const remove of ['remove', 'removeNow'] as const) {
    using project = makeProject({ packages: false });
    using elsewhere = makeProject({ packages: false });
    const run = RunDirectory.create(project.root);
    run.adoptSocket(elsewhere.root);
    await run[remove]();
    expect(project.leftRuns()).toEqual([]);
    expect(existsSync(elsewhere.root)).toBe(true);
  }
});

test('live runs, kept runs and foreign folders stay', async () => {
  using project = makeProject({ packages: false });
  const live = RunDirectory.create(project.root);
  const kept = await leaveRun(project);
  kept.keep();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    env: { ...process.env, UBER_RUN_ID: live.runId },
  });
  await once(child, 'spawn');
  mkdirSync(join(runsOf(project), 'notes'));
  expect(await sweep(project)).toEqual([]);
  expect(project.leftRuns().sort()).toEqual([kept.runId, live.runId, 'notes'].sort());
  expect(isAlive(child.pid ?? 0)).toBe(true);
  child.kill();
  await once(child, 'exit');
});

test('half a folder of the dead goes without a word, that of the living stays', async () => {
  using project = makeProject({ packages: false });
  const dead = await deadMark();
  const folders = [
    passageName('draft', dead, 'lp0-a'),
    passageName('ended', dead, 'lp0-b'),
    passageName('swept', dead, 'lp0-c'),
    // Its owner file was lost with the power of the machine.
    '00000000-00000000',
    passageName('draft', ownMark(START_MS), 'lp0-d'),
  ];
  for (const folder of folders) mkdirSync(join(runsOf(project), folder), { recursive: true });
  expect(await sweep(project)).toEqual([]);
  expect(project.leftRuns()).toEqual(folders.slice(-1));
});

test('two launchers that sweep at once tell it once', async () => {
  using project = makeProject({ packages: false });
  for (let count = 0; count < 5; count += 1) await leaveRun(project);
  const swept = (await Promise.all([sweep(project), sweep(project)])).flat();
  expect(new Set(swept.map(({ runId }) => runId)).size).toBe(5);
  expect(swept).toHaveLength(5);
  expect(project.leftRuns()).toEqual([]);
});

test('the mark of a process fits into the name of a file', () => {
  expect(markText(ownMark(START_MS))).toMatch(/^[0-9a-z-]{20,100}$/);
});

test('a launcher that was killed is told by uber doctor, then by the next start, which removes what it left', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts' } });
  await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
  const { run } = await uber.event('up');
  const live = await runUber(['doctor'], { cwd: project.root });
  expect(live.stdout).not.toContain(String(run));
  uber.kill('SIGKILL');
  await uber.ended;
  const doctor = await runUber(['doctor'], { cwd: project.root });
  expect(doctor).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`Run ${run} of `) });
  expect(doctor.stdout).toContain(`(process ${uber.child.pid} has ended without stopping)`);
  await using next = new UberProcess(['foo', '--json'], { cwd: project.root });
  expect(await next.event('swept')).toMatchObject({
    ...{ run, pid: uber.child.pid, isRemoved: true, processes: 0, code: 'RUN_DIED' },
  });
  const { run: second } = await next.event('up');
  expect(readdirSync(runsOf(project))).toEqual([second]);
  next.kill('SIGKILL');
  await next.ended;
  await using third = new UberProcess(['foo'], { cwd: project.root });
  await third.until(
    () => third.stderr.includes('warning: The run of ') && third.stdout.includes('Ctrl+C'),
    'it',
  );
  third.kill('SIGINT');
  await third.ended;
  expect(project.leftRuns()).toEqual([]);
});
