// Relative paths, descriptors, children and threads of a service that lives in a thread: each as in a process of its own.
import { spawnSync } from 'node:child_process';
import { startUber } from '../../launcher/index.ts';
import { PLACEMENTS } from '../support/placements.ts';
import { hasEnded, isAlive } from '../support/processes.ts';
import { makeProject } from '../support/project.ts';

/** Calls every function of fs that takes a path with a relative one, and tells what came of each. */
const EVERY_FUNCTION = `
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { promisify } from 'node:util';
const done = {};
const note = (name, value) => { done[name] = value; };
const later = (name, ...args) => new Promise((resolve) => fs[name](...args, (error, value) => resolve(note(name, error?.code ?? value))));
fs.mkdirSync('d/e', { recursive: true });
fs.writeFileSync('a', 'text'); fs.appendFileSync('a', '!'); fs.copyFileSync('a', 'b'); fs.renameSync('b', 'c');
fs.linkSync('c', 'hard'); fs.symlinkSync('a', 'soft'); fs.cpSync('d', 'copied', { recursive: true });
fs.chmodSync('c', 0o600); fs.utimesSync('c', 1, 1); fs.truncateSync('hard', 2); fs.accessSync('a');
note('content', fs.readFileSync('a', 'utf8')); note('link', fs.readlinkSync('soft')); note('hard', fs.statSync('hard').size);
note('promisified', [await promisify(fs.exists)('a'), await promisify(fs.exists)('nowhere'), Object.keys(await promisify(fs.write)(fs.openSync('a', 'r+'), 't'))]);
note('exists', [fs.existsSync('a'), fs.existsSync('nowhere')]);
note('real', [fs.realpathSync('soft'), fs.realpathSync.native('soft')]);
note('names', fs.readdirSync('.').sort());
const dir = fs.opendirSync('d'); note('opendir', dir.readSync().name); dir.closeSync();
note('glob', fs.globSync ? fs.globSync('*').length : 0);
note('fd', (() => { const fd = fs.openSync('a', 'r'); const { size } = fs.fstatSync(fd); fs.closeSync(fd); return size; })());
note('temporary', fs.existsSync(fs.mkdtempSync('d/t-')));
fs.writeFileSync('.env.own', 'OF_FILE=1'); process.loadEnvFile('.env.own'); fs.unlinkSync('.env.own'); note('env', process.env.OF_FILE);
note('bytes', fs.readFileSync(Buffer.from('a'), 'utf8'));
note('url', fs.readFileSync(new URL('./a', import.meta.url), 'utf8'));
note('stream', await new Promise((resolve) => { let all = ''; fs.createReadStream('a', 'utf8').on('data', (part) => { all += part; }).on('end', () => resolve(all)); }));
await new Promise((resolve) => fs.createWriteStream('w').end('written', resolve));
note('written', fs.readFileSync('./w', 'utf8'));
await later('readFile', 'a', 'utf8'); await later('stat', 'nowhere'); await later('realpath', 'soft'); await later('rm', 'w');
await fsp.writeFile('p', 'promised'); await fsp.copyFile('p', 'q'); await fsp.cp('d', 'd2', { recursive: true }); await fsp.rename('q', 'r');
note('promised', await fsp.readFile('./r', 'utf8'));
const handle = await fsp.open('r'); note('handle', (await handle.stat()).size); await handle.close();
note('asyncNames', await Array.fromAsync(await fsp.opendir('d'), ({ name }) => name.slice(0, 2)).then((all) => all.sort()));
note('blob', (await fs.openAsBlob('a')).size);
await fsp.rm('d2', { recursive: true }); fs.rmSync('copied', { recursive: true }); fs.unlinkSync('soft'); fs.rmdirSync('d/e');
note('left', fs.readdirSync('.').sort());
const watcher = fs.watch('a', () => {}); watcher.close();
process.stdout.write('RESULT ' + JSON.stringify(done) + '\\n');
`;

test('every function of fs starts from the folder of the service, as in a plain process', async () => {
  const seen: Record<string, unknown> = {};
  using plain = makeProject({ files: { 'services/foo/index.mjs': EVERY_FUNCTION } });
  const folder = plain.path('services', 'foo');
  const { stdout, stderr } = spawnSync(process.execPath, ['index.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  const tidy = (text: string, root: string): unknown => JSON.parse(text.replaceAll(root, '<root>'));
  const expected = tidy(stdout.slice('RESULT '.length), plain.root);
  for (const isolation of PLACEMENTS) {
    using project = makeProject({ files: { 'services/foo/index.mjs': EVERY_FUNCTION } });
    await using uber = await startUber({
      cwd: project.root,
      isolation,
      config: { services: { foo: { ready: 'started' } } },
      onLog: ({ text }) => {
        if (text.startsWith('RESULT ')) seen[isolation] = tidy(text.slice('RESULT '.length), project.root);
      },
    });
    expect(uber.snapshot().services[0]?.service).toBe('foo');
  }
  expect(seen).toEqual(Object.fromEntries(PLACEMENTS.map((placement) => [placement, expected])));
});

describe.each(PLACEMENTS)('in placement %s', (isolation) => {
  /** Runs one program that ends by itself, and gives its lines in order. */
  async function linesOf(files: Record<string, string>): Promise<string[]> {
    using project = makeProject({ files });
    const lines: string[] = [];
    await using uber = await startUber({
      cwd: project.root,
      isolation,
      config: { services: { foo: { ready: 'started' } } },
      onLog: ({ text, stream }) => void lines.push(stream === 'stdout' ? text : `! ${text}`),
    });
    await new Promise<void>((resolve, reject) => {
      uber.on('stopped', () => resolve());
      uber.on('failed', ({ error }) => reject(error));
      if (uber.snapshot().services[0]?.state === 'stopped') resolve();
    });
    return lines;
  }

  test('all ways to write to the standard streams lead to the log, and none closes them', async () => {
    const lines = await linesOf({
      'services/foo.mjs': `
        import fs from 'node:fs'; import { promisify } from 'node:util';
        fs.writeSync(1, 'writeSync\\n'); fs.writeFileSync(1, 'writeFileSync\\n'); fs.appendFileSync(1, 'appendFileSync\\n');
        fs.writevSync(1, [Buffer.from('writev'), Buffer.from('Sync\\n')]);
        if (process.platform !== 'win32') {
          fs.writeFileSync('/dev/stdout', 'by name\\n');
          const fd = fs.openSync('/dev/stdout', 'w'); fs.writeSync(fd, 'opened\\n'); fs.closeSync(fd);
          await fs.promises.writeFile('/dev/fd/1', 'promised\\n');
        } else fs.writeSync(1, 'by name\\nopened\\npromised\\n');
        try { fs.writeSync(1, 5); } catch ({ code }) { console.log(code); }
        await new Promise((resolve) => fs.writeFile(1, 'writeFile\\n', resolve));
        await promisify(fs.write)(1, 'promisified\\n');
        await new Promise((resolve) => fs.createWriteStream(null, { fd: 1, autoClose: false }).end('stream\\n', resolve));
        console.log('console'); process.stdout.write('process\\n');`,
    });
    expect(lines).toEqual([
      ...['writeSync', 'writeFileSync', 'appendFileSync', 'writevSync', 'by name', 'opened', 'promised'],
      ...['ERR_INVALID_ARG_TYPE', 'writeFile'],
      ...['promisified', 'stream', 'console', 'process'],
    ]);
  });

  test('standard input is empty and has ended', async () => {
    const lines = await linesOf({
      'services/foo.mjs': `
        import fs from 'node:fs';
        console.log(fs.readFileSync(0).length, fs.readFileSync(0, 'utf8') === '', fs.readSync(0, Buffer.alloc(8)));
        let text = ''; for await (const part of process.stdin) text += part;
        console.log('ended', text === '');`,
    });
    expect(lines).toEqual(['0 true 0', 'ended true']);
  });

  test('children start in the folder of the service, and what they inherit is its output', async () => {
    const lines = await linesOf({
      'services/foo/sub/where.cjs': 'console.log(require("path").basename(process.cwd()));',
      'services/foo/index.cjs': `
        const cp = require('child_process'); const node = process.execPath;
        const show = (code) => ['-e', code];
        cp.execFileSync(node, ['sub/where.cjs'], { stdio: 'inherit' });
        cp.spawnSync(node, show('console.error("sync err")'), { stdio: ['ignore', 'inherit', process.stderr] });
        console.log('collected', cp.execFileSync(node, ['where.cjs'], { cwd: './sub', encoding: 'utf8' }).trim());
        const child = cp.spawn(node, show('console.log("out"); console.error("err"); process.stdin.on("end", () => console.log("no input")).resume()'), { stdio: 'inherit' });
        console.log('streams', child.stdin, child.stdout, child.stderr, child.stdio.length);
        child.on('close', (code) => {
          console.log('closed', code);
          cp.fork('./sub/where.cjs').on('close', () => cp.spawn('no-such-program', { stdio: 'inherit' }).on('error', ({ code }) => console.log(code)));
        });`,
    });
    expect(lines.filter((line) => line.startsWith('!')).sort()).toEqual(['! err', '! sync err']);
    expect(lines.filter((line) => !line.startsWith('!'))).toEqual([
      ...['foo', 'collected sub', 'streams null null null 3', 'out', 'no input', 'closed 0', 'foo', 'ENOENT'],
    ]);
  });

  test('threads of a service, and theirs, write to its log, stand in its folder and are compiled', async () => {
    const lines = await linesOf({
      'services/foo/deep.cjs':
        "require('fs').writeSync(1, 'deep ' + require('fs').existsSync('deep.cjs') + '\\n');",
      'services/foo/nested.ts': `
        import { Worker, parentPort, workerData, isMainThread } from 'node:worker_threads';
        import { writeSync } from 'node:fs'; import { basename } from 'node:path';
        enum Kind { Nested = 'nested' }
        writeSync(1, [Kind.Nested, workerData.of, isMainThread, basename(process.cwd()), process.execArgv.length].join(' ') + '\\n');
        console.log('console of the thread');
        new Worker('./deep.cjs').once('exit', () => parentPort?.postMessage('bye'));`,
      'services/foo/index.ts': `
        import { Worker } from 'node:worker_threads';
        const worker = new Worker(new URL('./nested.ts', import.meta.url), { workerData: { of: 'foo' } });
        worker.once('message', (message) => console.log('said', message));
        const read = new Worker('console.log("for its parent only")', { eval: true, stdout: true });
        read.stdout.setEncoding('utf8').on('data', (text: string) => console.log('read', text.trim()));
        new Worker('console.log(typeof require("worker_threads").workerData)', { eval: true });
        try { new Worker('', { eval: true, execArgv: '-x' as never }); } catch (error) { console.log((error as { code: string }).code); }`,
    });
    expect(lines.sort()).toEqual(
      [
        ...[
          'console of the thread',
          'deep true',
          'nested foo false foo 0',
          'read for its parent only',
          'said bye',
          'undefined',
          'ERR_INVALID_ARG_TYPE',
        ],
      ].sort(),
    );
  });
});

test('what is of the whole process is refused in a thread, with the way out', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `
        for (const [name, value] of [['chdir', '..'], ['umask', 0o22], ['setuid', 0], ['setgid', 0]]) {
          try { process[name]?.(value); console.log(name, 'done'); } catch (error) { console.log(error.code, error.message); }
        }
        console.log(typeof process.umask());
        process.kill(process.pid, 'SIGWINCH'); process.kill(process.pid, 0);
        process.abort();`,
    },
  });
  const lines: string[] = [];
  const failure = await startUber({ cwd: project.root, onLog: ({ text }) => void lines.push(text) }).catch(
    (error) => error,
  );
  const names = ['chdir', 'umask', 'setuid', 'setgid'].filter((name) => name in process);
  expect(lines).toEqual([
    ...names.map((name) =>
      expect.stringMatching(
        `^ERR_WORKER_UNSUPPORTED_OPERATION process\\.${name}\\(\\) .*placement: 'process'`,
      ),
    ),
    'number',
  ]);
  expect(failure).toMatchObject({ code: 'EXITED', message: expect.stringContaining('134') });
});

test('a thread that ends takes the children along that it has left, but not those that were detached', async () => {
  using project = makeProject({
    files: {
      'services/foo.mjs': `
        import { spawn } from 'node:child_process'; import { createServer } from 'node:http';
        const wait = ['-e', 'setInterval(() => {}, 1000)'];
        const pids = [{}, { detached: true, stdio: 'ignore' }].map((options) => spawn(process.execPath, wait, options).pid);
        createServer((q, r) => r.end(JSON.stringify(pids))).listen(3000);`,
    },
  });
  const uber = await startUber({ cwd: project.root });
  const [left, detached] = (await (await fetch(uber.url('foo'))).json()) as [number, number];
  await uber.stop();
  await hasEnded(left);
  expect(isAlive(detached)).toBe(true);
  process.kill(detached, 'SIGKILL');
});
