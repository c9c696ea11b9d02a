// What is remembered of earlier starts.
import { mkdirSync, readdirSync } from 'node:fs';
import { bootTimesFile, readBootTimes, rememberBootTimes } from '../../launcher/resources/boot-times.ts';
import { makeProject } from '../support/project.ts';

test('times are remembered beside those that are known, and replace older ones', () => {
  using project = makeProject({ packages: false });
  const file = bootTimesFile(project.path('.uber'));
  expect(readBootTimes(file)).toEqual(new Map());
  rememberBootTimes(file, new Map([['a', 10.4]]));
  rememberBootTimes(
    file,
    new Map([
      ['b', 20],
      ['a', 30],
    ]),
  );
  expect(Object.fromEntries(readBootTimes(file))).toEqual({ a: 30, b: 20 });
  expect(readdirSync(project.path('.uber', 'cache'))).toEqual(['boot-times.json']);
});

test('no more than a thousand services are remembered: those seen last', () => {
  using project = makeProject({ packages: false });
  const file = project.path('times.json');
  rememberBootTimes(file, new Map(Array.from({ length: 1500 }, (_, index) => [`s${index}`, index])));
  const known = readBootTimes(file);
  expect([known.size, known.has('s499'), known.has('s500')]).toEqual([1000, false, true]);
});

test.each(['', 'null', '[1, 2', '{"a":"x","b":-1,"c":null}', '"text"'])('damaged (%j) is nothing', (text) => {
  using project = makeProject({ packages: false, files: { 'times.json': text } });
  expect(readBootTimes(project.path('times.json'))).toEqual(new Map());
});

test('where nothing can be written, nothing is remembered and nothing is left', () => {
  using project = makeProject({ packages: false });
  mkdirSync(project.path('cache', 'boot-times.json', 'full'), { recursive: true });
  rememberBootTimes(project.path('cache', 'boot-times.json'), new Map([['a', 1]]));
  expect(readdirSync(project.path('cache'))).toEqual(['boot-times.json']);
});
