// Events of `process` come to a service as they come to a plain process.
import { spawnSync } from 'node:child_process';
import { startUber } from '../../launcher/index.ts';
import { PLACEMENTS } from '../support/placements.ts';
import { makeProject } from '../support/project.ts';

const PROGRAMS: Record<string, string> = {
  'work that is found before the exit is done': `
    let rounds = 0;
    process.on('beforeExit', (code) => { console.log('beforeExit', code, rounds); if (rounds++ < 2) setTimeout(() => console.log('more work'), 1); });
    process.on('exit', (code) => console.log('exit', code, process.exitCode));`,
  'an error is handled, and where it came from is told': `
    process.on('uncaughtException', (error, origin) => console.log('caught', error.message, origin));
    process.on('exit', (code) => console.log('exit', code));
    setTimeout(() => { throw new Error('thrown'); }, 1);
    setTimeout(() => Promise.reject(new Error('rejected')), 5);`,
  'a rejection is handled, also late': `
    process.on('unhandledRejection', (reason, promise) => { console.log('unhandled', reason.message); promise.catch(() => {}); });
    process.on('rejectionHandled', () => console.log('handled after all'));
    Promise.reject(new Error('nobody'));`,
  'a warning is told once': `
    process.on('warning', ({ name, message, code }) => console.log('warning', name, message, code));
    process.emitWarning('careful', { type: 'CustomWarning', code: 'C1' });
    process.emitWarning('old', 'DeprecationWarning', 'D1'); process.emitWarning('old', 'DeprecationWarning', 'D1');`,
  'an exit runs its handlers once, and nothing after it': `
    process.on('exit', (code) => { console.log('exit', code); process.exit(); console.log('never'); });
    process.on('beforeExit', () => console.log('never'));
    setTimeout(() => console.log('never'), 1000);
    process.exit(0);`,
  'the last code that is set is the code of the end': `
    process.exitCode = 5; process.on('exit', (code) => { console.log('exit', code); process.exitCode = 0; });`,
  'a signal is handled by all of its handlers': `
    const wait = setInterval(() => {}, 1000);
    process.on('SIGINT', (...args) => console.log('first', ...args));
    process.once('SIGINT', () => { console.log('second'); clearInterval(wait); });
    process.kill(process.pid, 'SIGINT');`,
};

test.each(Object.entries(PROGRAMS))('%s', async (_title, source) => {
  using project = makeProject({ files: { 'services/foo.mjs': source } });
  const plain = spawnSync(process.execPath, [project.path('services', 'foo.mjs')], { encoding: 'utf8' });
  expect(plain.status).toBe(0);
  const expected = plain.stdout.trimEnd().split('\n');
  for (const isolation of PLACEMENTS) {
    const lines: string[] = [];
    await using uber = await startUber({
      cwd: project.root,
      isolation,
      config: { services: { foo: { ready: 'started' } } },
      onLog: ({ text, stream }) => {
        if (stream === 'stdout') lines.push(text);
      },
    }).catch((error) => {
      // One that calls exit while it starts is a failure to uber, whatever the code.
      expect(error.code).toBe('EXITED');
      return null;
    });
    await new Promise<void>((resolve) => {
      if (uber === null) return resolve();
      uber.on('stopped', () => resolve());
      uber.on('failed', () => resolve());
      if (uber.snapshot().services[0]?.state !== 'ready') resolve();
    });
    expect([isolation, lines]).toEqual([isolation, expected]);
  }
});
