// A thread that waits in a system call cannot be ended by anything but the end of its process.
import { execFileSync } from 'node:child_process';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

const STUCK = `
  import { createServer } from 'node:http';
  import { readFileSync } from 'node:fs';
  createServer((request, response) => {
    response.end('ok');
    // A pipe that nobody writes to.
    response.on('finish', () => {
      if (request.url === '/stick') readFileSync(process.env.PIPE);
      if (request.url === '/exit') process.exit(1);
    });
  }).listen(process.env.PORT);
`;

async function startStuck(services: object, args: readonly string[] = []) {
  const project = makeProject({
    files: {
      'services/foo.mjs': STUCK,
      'services/bar.mjs': STUCK,
      'uber.config.json': JSON.stringify({ services }),
    },
  });
  const pipe = project.path('pipe');
  execFileSync('mkfifo', [pipe]);
  const uber = new UberProcess(['foo', 'bar', '--json', ...args], { cwd: project.root, env: { PIPE: pipe } });
  const { services: rows } = await uber.event('up');
  const [foo, bar] = (rows as { url: string }[]).map(({ url }) => url);
  await fetch(`${foo}/stick`);
  return { project, uber, bar };
}

test('a service that cannot be ended is told of and given up, the others answer, and ^C ends all at once', async () => {
  const foo = { blockedMs: 1200, restart: { attempts: 1, minDelayMs: 1 } };
  const { project, uber, bar } = await startStuck({ foo });
  using _ = project;
  await using __ = uber;
  await uber.until(() => uber.events().some(({ event }) => event === 'failed'), 'a service given up');
  expect(uber.events().filter(({ event }) => event === 'fault' || event === 'failed')).toMatchObject([
    { event: 'fault', code: 'BLOCKED', restartInMs: null },
    { event: 'fault', code: 'BLOCKED', restartInMs: 1 },
    { event: 'failed', code: 'STOP_IGNORED', message: expect.stringContaining('cannot be ended') },
  ]);
  expect(await (await fetch(`${bar}`)).text()).toBe('ok');
  uber.kill('SIGINT');
  expect((await uber.ended).signal).toBe('SIGINT');
  expect(project.leftRuns()).toEqual([]);
});

test('a run that ends by itself does not wait for such a thread', async () => {
  const critical = { critical: true, restart: 'never' };
  const { project, uber, bar } = await startStuck({ foo: { stopGraceMs: 100 }, bar: critical });
  using _ = project;
  await using __ = uber;
  await fetch(`${bar}/exit`);
  await uber.event('down');
  // The only end that does not wait for the thread.
  expect((await uber.ended).signal).toBe('SIGKILL');
  expect(project.leftRuns()).toEqual([]);
});
