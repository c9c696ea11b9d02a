// What is removed from the build cache, and what is not.
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildCache } from '../../launcher/build/build-cache.ts';
import { pruneCache } from '../../launcher/build/prune-cache.ts';
import { makeProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A cache with entries by name, each with its age in days. */
function makeCache(folder: string, ages: Readonly<Record<string, number>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, days] of Object.entries(ages)) {
    writeFileSync(join(folder, name), name);
    age(join(folder, name), days);
  }
}

function age(path: string, days: number): void {
  const time = (Date.now() - days * DAY_MS) / 1000;
  utimesSync(path, time, time);
}

test('entries unused for 30 days and drafts of the dead are removed, at most once a day', async () => {
  using project = makeProject({ packages: false });
  const folder = project.path('cache');
  makeCache(folder, { 'new.js': 0, 'used.js': 29, 'old.js': 31, 'a.js.12ab.tmp': 1, 'b.js.12ab.tmp': 0 });
  await pruneCache(folder, Date.now());
  expect(readdirSync(folder).sort()).toEqual(['b.js.12ab.tmp', 'new.js', 'used.js']);
  makeCache(folder, { 'old.js': 31 });
  await pruneCache(folder, Date.now() + DAY_MS / 2);
  expect(readdirSync(folder)).toContain('old.js');
  await pruneCache(folder, Date.now() + DAY_MS * 1.1);
  expect(readdirSync(folder)).not.toContain('old.js');
});

test('a cache that does not exist is none', async () => {
  using project = makeProject({ packages: false });
  await pruneCache(project.path('cache'), Date.now());
  expect(readdirSync(project.root)).toEqual(['package.json']);
});

test('what is used is young again', () => {
  using project = makeProject({ packages: false });
  const folder = project.path('cache');
  makeCache(folder, { 'asked.js': 40, 'read.js': 40, 'other.js': 40 });
  const cache = new BuildCache(folder);
  expect([cache.has('asked.js'), cache.has('none.js')]).toEqual([true, false]);
  expect([cache.read('read.js'), cache.read('none.js')]).toEqual(['read.js', null]);
  const ages = ['asked.js', 'read.js', 'other.js'].map((name) =>
    Math.round((Date.now() - statSync(join(folder, name)).mtimeMs) / DAY_MS),
  );
  expect(ages).toEqual([0, 0, 40]);
});

test('a start removes what is old and keeps what it uses itself', async () => {
  using project = makeProject({ services: { 'foo.ts': 'answers.ts' } });
  const folder = project.path('.uber', 'cache', 'build');
  const start = async (): Promise<void> => {
    await using uber = new UberProcess(['foo', '--json'], { cwd: project.root });
    await uber.event('up');
    uber.kill('SIGTERM');
    await uber.ended;
  };
  await start();
  const used = readdirSync(folder);
  for (const name of used) age(join(folder, name), 60);
  // When it was looked through last: the first start may have been too early for that.
  rmSync(`${folder}.pruned`, { force: true });
  makeCache(folder, { 'nobody.js': 60 });
  await start();
  expect(readdirSync(folder).sort()).toEqual(used.sort());
});
