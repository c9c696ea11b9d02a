// What a service with `permissions` may do, in every placement.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { startUber } from '../../launcher/index.ts';
import type { PermissionsOptions } from '../../launcher/options.ts';
import { APART } from '../support/placements.ts';
import { makeProject, type TestProject } from '../support/project.ts';

/** A service that answers a request with what its function of that name gives or throws. */
const ASKED = `
const http = require('node:http');
http.createServer(async (request, response) => {
  const [name, ...args] = JSON.parse(decodeURIComponent(request.url.slice(1)));
  try {
    const value = await actions[name](...args);
    response.end(JSON.stringify({ value: value === undefined ? null : value }));
  } catch (error) {
    response.end(JSON.stringify({ code: error.code, message: error.message, permission: error.permission }));
  }
}).listen(3000);
`;

const ACTIONS = `
const fs = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const data = (name) => join(process.env.UBER_DATA_DIR, name);
const actions = {
  read: (path) => fs.readFileSync(path, 'utf8'),
  readLater: (path) => promisify(fs.readFile)(path, 'utf8'),
  readPromised: (path) => fs.promises.readFile(path, 'utf8'),
  readStream: async (path) => { let text = ''; for await (const part of fs.createReadStream(path)) text += part; return text; },
  readUrl: (path) => fs.readFileSync(require('node:url').pathToFileURL(path), 'utf8'),
  readBytes: (path) => fs.readFileSync(Buffer.from(path), 'utf8'),
  exists: (path) => fs.existsSync(path),
  list: (path) => fs.readdirSync(path),
  write: (path) => fs.writeFileSync(path, 'written'),
  append: (path) => fs.promises.appendFile(path, 'written'),
  truncateByFlag: (path) => fs.readFileSync(path, { flag: 'w+' }),
  openToWrite: (path) => fs.closeSync(fs.openSync(path, fs.constants.O_RDWR)),
  rename: (from, to) => fs.renameSync(from, to),
  copyOut: (to) => fs.copyFileSync(__filename, to),
  remove: (path) => fs.rmSync(path),
  env: (path) => process.loadEnvFile(path),
  load: (path) => import(require('node:url').pathToFileURL(path)).then((module) => module.default),
  require: (path) => require(path),
  data: () => { fs.writeFileSync(data('a'), 'mine'); return fs.readFileSync(data('a'), 'utf8'); },
  linkOut: (target) => { fs.symlinkSync(target, data('link')); return fs.readFileSync(data('link'), 'utf8'); },
  spawn: () => require('node:child_process').spawn(process.execPath, ['-v']),
  execSync: () => String(require('node:child_process').execSync('echo hello')),
  execPromised: () => promisify(require('node:child_process').exec)('echo hello').then(({ stdout }) => stdout),
  fork: () => require('node:cluster').fork(),
  worker: () => new Promise((resolve, reject) => {
    const worker = new (require('node:worker_threads').Worker)("require('node:worker_threads').parentPort.postMessage(5)", { eval: true });
    worker.once('message', resolve).once('error', reject);
  }),
  nested: (path) => new Promise((resolve, reject) => {
    const source = "try { require('node:worker_threads').parentPort.postMessage(require('node:fs').readFileSync(" + JSON.stringify(path) + ", 'utf8')) } catch (error) { require('node:worker_threads').parentPort.postMessage(error.code) }";
    new (require('node:worker_threads').Worker)(source, { eval: true, execArgv: [] }).once('message', resolve).once('error', reject);
  }),
  addon: () => process.dlopen({ exports: {} }, '/nowhere/addon.node'),
  wall: (path) => [process.permission?.has('fs.read', path), process.permission?.has('child'), process.permission?.has('worker')],
  binding: () => typeof process.binding('fs'),
};`;

type Ask = (
  name: string,
  ...args: unknown[]
) => Promise<{ value?: unknown; code?: string; message?: string }>;

describe.each(APART)('in placement %s', (isolation) => {
  const lines: string[] = [];

  /** A project with a secret beside the service, and what the service answers. */
  async function withService(
    permissions: PermissionsOptions | undefined,
    check: (ask: Ask, project: TestProject) => Promise<void>,
  ): Promise<void> {
    using project = makeProject({
      files: {
        'services/foo/index.cjs': ACTIONS + ASKED,
        'services/foo/own.txt': 'own',
        'services/bar/secret.txt': 'secret',
        'services/bar/secret.mjs': "export default 'secret';",
        'services/bar/secret.cjs': "module.exports = 'secret';",
        'resources/foo/fixture.txt': 'fixture',
        'shared/text.txt': 'shared',
      },
    });
    lines.length = 0;
    await using uber = await startUber({
      cwd: project.root,
      services: ['foo'],
      isolation,
      onLog: ({ text }) => void lines.push(text),
      config: { services: { foo: permissions === undefined ? {} : { permissions } } },
    });
    const ask: Ask = async (...call) =>
      (
        await fetch(`${uber.url('foo')}/${encodeURIComponent(JSON.stringify(call))}`)
      ).json() as ReturnType<Ask>;
    await check(ask, project);
  }

  test('without the key nothing is refused', () =>
    withService(undefined, async (ask, project) => {
      expect(await ask('read', project.path('services/bar/secret.txt'))).toEqual({ value: 'secret' });
      expect(await ask('execSync')).toEqual({ value: 'hello\n' });
      expect(await ask('worker')).toEqual({ value: 5 });
    }));

  test('with the tightest ones it reads its own folder and resources, and writes its data directory', () =>
    withService({}, async (ask, project) => {
      expect(await ask('read', project.path('services/foo/own.txt'))).toEqual({ value: 'own' });
      expect(await ask('read', project.path('resources/foo/fixture.txt'))).toEqual({ value: 'fixture' });
      expect(await ask('data')).toEqual({ value: 'mine' });
      expect(await ask('require', 'express')).not.toHaveProperty('code');
      expect(lines).toEqual([]);
    }));

  test('every way to read something else is refused', () =>
    withService({}, async (ask, project) => {
      const secret = project.path('services/bar/secret.txt');
      const ways = ['read', 'readLater', 'readPromised', 'readStream', 'readUrl', 'readBytes', 'env', 'list'];
      for (const way of ways) {
        expect([way, await ask(way, secret)]).toEqual([
          way,
          expect.objectContaining({ code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead' }),
        ]);
      }
      expect(await ask('read', `${project.path('services/foo')}/../bar/secret.txt`)).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
      expect(await ask('exists', secret)).toEqual({ value: false });
      expect(await ask('load', project.path('services/bar/secret.mjs'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
      expect(await ask('require', project.path('services/bar/secret.cjs'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
    }));

  test('every way to write elsewhere is refused, and nothing is changed', () =>
    withService({ read: ['shared'] }, async (ask, project) => {
      const target = project.path('shared/text.txt');
      expect(await ask('read', target)).toEqual({ value: 'shared' });
      for (const way of ['write', 'append', 'truncateByFlag', 'openToWrite', 'copyOut', 'remove']) {
        expect([way, await ask(way, target)]).toEqual([
          way,
          expect.objectContaining({ code: 'ERR_ACCESS_DENIED', permission: 'FileSystemWrite' }),
        ]);
      }
      expect(await ask('rename', target, project.path('services/foo/b'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
      expect(await ask('write', project.path('services/foo/own.txt'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
      expect(readFileSync(target, 'utf8')).toBe('shared');
    }));

  test('a link does not lead out, whoever has made it', () =>
    withService({ write: ['shared'] }, async (ask, project) => {
      symlinkSync(project.path('services/bar'), project.path('shared/bar'), 'junction');
      symlinkSync(project.path('services/bar/new.txt'), project.path('shared/dangling'));
      mkdirSync(project.path('services/bar/deep'));
      symlinkSync(project.path('services/bar/deep'), project.path('shared/deep'), 'junction');
      for (const path of ['shared/bar/secret.txt', 'shared/deep/../secret.txt']) {
        expect(await ask('read', `${project.root}/${path}`)).toMatchObject({ code: 'ERR_ACCESS_DENIED' });
      }
      expect(await ask('write', project.path('shared/dangling'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
      expect(await ask('linkOut', project.path('services/bar/secret.txt'))).toMatchObject({
        code: 'ERR_ACCESS_DENIED',
      });
    }));

  test("in a process Node's own permission model refuses too", () =>
    withService({}, async (ask, project) => {
      const refused = isolation === 'process' ? false : null;
      expect(await ask('wall', project.path('services/bar/secret.txt'))).toEqual({
        value: [refused, refused, refused],
      });
    }));

  test('what is named is allowed, also what is not there yet', () =>
    withService({ write: ['shared', 'later'] }, async (ask, project) => {
      expect(await ask('write', project.path('shared/text.txt'))).toEqual({ value: null });
      mkdirSync(project.path('later'));
      expect(await ask('write', project.path('later/a.txt'))).toEqual({ value: null });
      expect(await ask('read', project.path('later/a.txt'))).toEqual({ value: 'written' });
    }));

  test('processes, threads and addons are refused, each with the key that allows it', () =>
    withService({}, async (ask) => {
      for (const way of ['spawn', 'execSync', 'execPromised', 'fork']) {
        expect([way, await ask(way)]).toEqual([
          way,
          expect.objectContaining({ code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' }),
        ]);
      }
      expect(await ask('worker')).toMatchObject({ code: 'ERR_ACCESS_DENIED', permission: 'WorkerThreads' });
      expect(await ask('addon')).toMatchObject({ code: 'ERR_DLOPEN_DISABLED' });
      expect(await ask('binding')).toMatchObject({ code: 'ERR_ACCESS_DENIED' });
      const told = lines.join('\n');
      for (const key of ['childProcess: true', 'worker: true', 'addons: true']) expect(told).toContain(key);
    }));

  test('processes and threads are allowed by their keys, and a thread has the same limits', () =>
    withService({ childProcess: true, worker: true, addons: true }, async (ask, project) => {
      expect(await ask('execSync')).toEqual({ value: 'hello\n' });
      expect(await ask('execPromised')).toEqual({ value: 'hello\n' });
      expect(await ask('worker')).toEqual({ value: 5 });
      expect(await ask('nested', project.path('services/bar/secret.txt'))).toEqual({
        value: 'ERR_ACCESS_DENIED',
      });
      expect((await ask('addon')).code).toBe('ERR_DLOPEN_FAILED');
      expect(lines.filter((line) => line.includes('Warning'))).toEqual([]);
    }));

  test('a refusal is told once, with the service, the path and the key', () =>
    withService({}, async (ask, project) => {
      const secret = project.path('services/bar/secret.txt');
      const answer = await ask('read', secret);
      await ask('read', secret);
      await ask('data');
      expect(answer.message).toContain(`"foo" may not read ${secret}`);
      expect(lines.filter((line) => line.startsWith('uber:'))).toEqual([
        `uber: "foo" may not read ${secret}. To allow it: read: [${JSON.stringify(secret)}] in permissions of the service.`,
      ]);
    }));

  test('Express in TypeScript with pino starts under the tightest ones', async () => {
    using project = makeProject({
      files: {
        'services/foo/package.json': '{ "dependencies": { "express": "*", "pino": "*" } }',
        'services/foo/index.ts': `import express from 'express';
          import { pino } from 'pino';
          import { greet } from '../../shared/greet.ts';
          enum Word { Hello = 'hello' }
          const log = pino({ name: 'foo' });
          const app = express();
          app.get('/', (request, response) => { log.info('asked'); response.json({ text: greet(Word.Hello) }); });
          app.use('/files', express.static('public'));
          app.listen(3000, () => log.info('listening'));`,
        'services/foo/public/a.txt': 'static',
        'shared/greet.ts': 'export const greet = (word: string): string => word + "!";',
        'services/single.mjs': "export default (request, response) => response.end('single');",
      },
    });
    await using uber = await startUber({
      cwd: project.root,
      isolation,
      config: { services: { foo: { permissions: {} }, single: { permissions: {} } } },
    });
    expect(await (await fetch(uber.url('foo'))).json()).toEqual({ text: 'hello!' });
    expect(await (await fetch(`${uber.url('foo')}/files/a.txt`)).text()).toBe('static');
    expect(await (await fetch(uber.url('single'))).text()).toBe('single');
  });
});
