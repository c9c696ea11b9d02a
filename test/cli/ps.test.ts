// `uber ps`: what runs now, asked from another process.
import { durationText } from '../../launcher/cli/output/text.ts';
import { makeProject, type TestProject } from '../support/project.ts';
import { runUber, UberProcess } from '../support/uber-process.ts';

const ANSWERS = 'export default (q, r) => r.end();\n';

function makeFooAndBar(): TestProject {
  return makeProject({
    files: { 'services/foo.js': ANSWERS, 'services/bar.js': ANSWERS },
    packages: false,
  });
}

async function ps(project: TestProject, ...args: string[]) {
  const { exitCode, stdout, stderr } = await runUber(['ps', ...args], { cwd: project.root });
  return { exitCode, stdout, stderr: stderr.replaceAll(project.root, '<root>') };
}

/** Starts a run and waits for its control socket, which is opened in the background. */
async function start(project: TestProject, ...args: string[]): Promise<{ uber: UberProcess; run: string }> {
  const uber = new UberProcess([...args, '--json'], { cwd: project.root });
  const { run } = await uber.event('up');
  return { uber, run: String(run) };
}

test('a live run is shown with its services', async () => {
  using project = makeFooAndBar();
  const { uber, run } = await start(project, 'foo', 'bar');
  await using _uber = uber;
  const { url } = await uber.event('ready');
  const { exitCode, stdout, stderr } = await ps(project);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [about, head, ...rows] = stdout.trim().split('\n');
  expect(about).toMatch(new RegExp(`^Run ${run}, namespace default, process ${uber.child.pid}, up \\d+ s$`));
  expect(head?.split(/ {2,}/)).toEqual(['NAME', 'STATE', 'URL', 'PLACEMENT', 'RESTARTS', 'UPTIME']);
  expect(rows.map((row) => row.split(/ +/).slice(0, 2))).toEqual([
    ['foo', 'ready'],
    ['bar', 'ready'],
  ]);
  expect(stdout).toContain(String(url));
  expect(rows[0]).toMatch(/ thread +0 +\d+ s$/);
});

test('with --json each run is one event with all that its snapshot tells', async () => {
  using project = makeFooAndBar();
  const { uber, run } = await start(project, 'foo');
  await using _uber = uber;
  const { stdout } = await ps(project, '--json');
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({
    event: 'run',
    run,
    namespace: 'default',
    pid: uber.child.pid,
    startedMs: expect.any(Number),
    services: [
      { service: 'foo', state: 'ready', placement: 'thread', incarnation: 1, sinceMs: expect.any(Number) },
    ],
  });
});

test('of several runs those are shown that are meant', async () => {
  using project = makeFooAndBar();
  const one = await start(project, 'foo', '--namespace', 'one');
  await using _one = one.uber;
  const two = await start(project, 'bar', '--namespace', 'two');
  await using _two = two.uber;
  const runsIn = async (...args: string[]): Promise<string[]> =>
    [...(await ps(project, ...args)).stdout.matchAll(/^Run (\S+),/gm)].map(([, id = '']) => id);
  expect(await runsIn()).toEqual([one.run, two.run]);
  expect(await runsIn('--namespace', 'two')).toEqual([two.run]);
  expect(await runsIn('--run', one.run)).toEqual([one.run]);
  expect(await runsIn('--run', two.run.slice(0, -4))).toEqual([two.run]);
  expect(await ps(project, '--run', one.run, '--namespace', 'two')).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: `error: No run "${one.run}" of namespace "two" is live. Live: ${one.run} (namespace one), ${two.run} (namespace two).\n`,
  });
});

test('a run that was killed is not shown, and neither is one that has ended', async () => {
  using project = makeFooAndBar();
  const nothing = {
    exitCode: 3,
    stdout: '',
    stderr: 'error: No run of <root> is live.\nStart one: uber up\n',
  };
  const killed = await start(project, 'foo');
  await using _killed = killed.uber;
  killed.uber.kill('SIGKILL');
  await killed.uber.ended;
  expect(await ps(project)).toEqual(nothing);
  const stopped = await start(project, 'foo');
  await using _stopped = stopped.uber;
  stopped.uber.kill('SIGINT');
  await stopped.uber.ended;
  expect(await ps(project)).toEqual(nothing);
});

test('a service that was started again and is down is shown as that', async () => {
  using project = makeProject({
    files: {
      'services/job.js':
        'export default (q, r) => { r.end("bye"); r.once("close", () => process.exit(1)); };\n',
      'services/foo.js': ANSWERS,
      'uber.config.json': JSON.stringify({ services: { job: { restart: { attempts: 1, minDelayMs: 1 } } } }),
    },
    packages: false,
  });
  const { uber } = await start(project, 'up');
  await using _uber = uber;
  const readyJobs = () =>
    uber.events().filter(({ event, service }) => event === 'ready' && service === 'job');
  const url = String(readyJobs()[0]?.url);
  await fetch(url);
  await uber.until(() => readyJobs().length === 2, 'a second life');
  await fetch(url);
  await uber.event('failed');
  const { stdout } = await ps(project);
  expect(stdout).toMatch(/^job +failed +- +thread +1 +-$/m);
  expect(stdout).toMatch(/^foo +ready /m);
});

test('names are refused', async () => {
  using project = makeFooAndBar();
  expect(await ps(project, 'foo')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'error: uber ps takes no names, got "foo".\nIt shows all services of the live runs; --run and --namespace choose among the runs.\n',
  });
});

test.each([
  [0, '0 s'],
  [41_999, '41 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [3_605_000, '1 h'],
  [349_200_000, '4 d 1 h'],
  [-5000, '0 s'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
