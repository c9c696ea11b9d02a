// What services write, by every way there is to write, and how it comes out.
import { readFileSync } from 'node:fs';
import { startUber } from '../../launcher/start-uber.ts';
import type { LogLine } from '../../launcher/types.ts';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

const FOO_ONLY_STARTS = JSON.stringify({ services: { foo: { ready: 'started' } } });

const WRITES = `
  import fs from 'node:fs';
  import { writeSync } from 'node:fs';
  import { promisify } from 'node:util';
  import { createServer } from 'node:http';
  import { pino } from 'pino';
  console.log('1 console.log');
  console.error('2 console.error');
  process.stdout.write('3 stdout ');
  process.stdout.write(Buffer.from('in two parts\\n'));
  writeSync(1, '4 writeSync\\n');
  fs.writeSync(2, Buffer.from('xx5 writeSync of a part\\nyy'), 2, 22);
  fs.writevSync(1, [Buffer.from('6 wri'), Buffer.from('tev\\n')]);
  pino({ base: null, timestamp: false }).warn({ a: 1 }, '7 pino');
  await promisify(fs.write)(1, '8 promisified write\\n');
  await new Promise((done) => fs.write(1, '9 write\\n', null, 'utf8', done));
  await new Promise((done) => fs.writev(2, [Buffer.from('10 writev\\n')], done));
  fs.fsyncSync(1);
  process.stdout.write('11 without a line break');
  process.once('exit', () => console.log('\\n12 at exit'));
  createServer((q, r) => r.end()).listen(3000);
`;

test('every way of writing is caught, in order, with its stream and level', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': WRITES } });
  const lines: LogLine[] = [];
  const uber = await startUber({ cwd: project.root, onLog: (line) => lines.push(line) });
  await uber.stop();
  expect(lines.map(({ stream, level, text }) => `${stream} ${level} ${text}`)).toEqual([
    'stdout info 1 console.log',
    'stderr warn 2 console.error',
    'stdout info 3 stdout in two parts',
    'stdout info 4 writeSync',
    'stderr warn 5 writeSync of a part',
    'stdout info 6 writev',
    'stdout warn {"level":40,"a":1,"msg":"7 pino"}',
    'stdout info 8 promisified write',
    'stdout info 9 write',
    'stderr warn 10 writev',
    'stdout info 11 without a line break',
    'stdout info 12 at exit',
  ]);
  expect(lines[6]?.fields).toEqual({ level: 40, a: 1, msg: '7 pino' });
});

test('people see names and readable JSON, programs see NDJSON, the log file sees what was written', async () => {
  using project = makeProject({ files: { 'services/foo.mjs': WRITES, 'services/longer.mjs': WRITES } });
  await using text = new UberProcess(['up', '--keep'], { cwd: project.root });
  await text.until(() => text.stdout.includes('Ctrl+C stops'), 'the table');
  text.kill('SIGINT');
  const { stdout } = await text.ended;
  expect(stdout).toContain('foo    | 1 console.log\n');
  expect(stdout).toContain('longer | 1 console.log\n');
  expect(stdout).toMatch(/^foo {4}\| .*WARN: 7 pino \{"a":1\}$/m);
  const [run] = project.leftRuns();
  const file = readFileSync(project.path('.uber', 'runs', String(run), '_logs', 'foo.log'), 'utf8');
  expect(file).toContain('3 stdout in two parts\n4 writeSync\n5 writeSync of a part\n');

  await using json = new UberProcess(['foo', '--json'], { cwd: project.root });
  await json.event('up');
  const logs = json.events().filter(({ event }) => event === 'log');
  expect(logs[0]).toEqual({
    event: 'log',
    service: 'foo',
    stream: 'stdout',
    level: 'info',
    time: expect.any(Number),
    text: '1 console.log',
  });
  json.kill('SIGINT');
  await json.ended;
});

test('a record that states its level as `severity` (the form of Google Cloud) is made readable too', async () => {
  const record = JSON.stringify({ severity: 'WARNING', pid: 1, message: 'late', a: 1 });
  using project = makeProject({
    files: { 'services/foo.mjs': `console.log('${record}');`, 'uber.config.json': FOO_ONLY_STARTS },
  });
  await using uber = new UberProcess(['foo'], { cwd: project.root });
  const { stdout } = await uber.ended;
  expect(stdout).toMatch(/^foo \| WARN: late \{"a":1\}$/m);
});

test('a service that writes 100 MB neither blocks the others nor fills memory, even when nobody reads', async () => {
  using project = makeProject({ services: { 'flood.ts': 'floods-output.ts', 'calm.ts': 'answers.ts' } });
  await using uber = new UberProcess(['up', '--json'], { cwd: project.root });
  const { services } = await uber.event('up');
  const urls = Object.fromEntries(
    (services as { service: string; url: string }[]).map(({ service, url }) => [service, url]),
  );
  const memoryMb = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${uber.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const beforeMb = memoryMb();

  uber.child.stdout.removeAllListeners('data');
  uber.child.stdout.pause();
  let isDone = false;
  const flood = fetch(String(urls.flood)).then(async (response) => {
    isDone = true;
    return response.text();
  });
  for (let count = 0; count < 200; count += 1) expect((await fetch(String(urls.calm))).status).toBe(200);
  expect(isDone).toBe(false);
  expect(memoryMb() - beforeMb).toBeLessThan(60);

  let bytes = 0;
  uber.child.stdout.on('data', (chunk: string) => {
    bytes += chunk.length;
  });
  uber.child.stdout.resume();
  expect(await flood).toBe('done');
  expect(memoryMb() - beforeMb).toBeLessThan(150);
  uber.kill('SIGINT');
  await uber.ended;
  expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
});
