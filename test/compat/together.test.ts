// Most programs of the suite in one thread at the same time: each answers as if it were alone, before and after each of
// them has been restarted.
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceOptions, startUber } from '../../launcher/index.ts';
import { PROGRAMS, type ProgramName } from '../support/programs.ts';
import { makeProject, REPOSITORY } from '../support/project.ts';

/** A request and what its answer holds. */
const ANSWERS: Partial<Record<ProgramName, readonly [path: string, text: string]>> = {
  'json-server': ['/posts/1', 'a title'],
  'http-server': ['/notes/hello.txt', 'hello from a file'],
  fastify: ['/', '{"hello":"world"}'],
  koa: ['/x', '"hello":"Koa"'],
  hono: ['/posts/7', '{"id":"7"}'],
  nest: ['/cats', '[{"name":"Tom"}]'],
  'graphql-yoga': ['/graphql?query=%7Bhello(name:%22you%22)%7D', 'Hello you'],
  'metrics-port': ['/', 'world'],
  'commonjs-main': ['/', 'main: true'],
  sigterm: ['/', 'still here'],
  'pino-pretty': ['/', 'logged'],
  'pino-file': ['/', 'logged'],
  piscina: ['/', '"isThread":true'],
};

test('thirteen programs share a thread, and each is restarted alone', async () => {
  using project = makeProject({ packages: false });
  symlinkSync(join(REPOSITORY, 'node_modules'), project.path('node_modules'), 'junction');
  const programs = join(REPOSITORY, 'test', 'fixtures', 'programs');
  cpSync(programs, project.path('programs'), { recursive: true });
  const names = Object.keys(ANSWERS) as ProgramName[];
  const services: Record<string, ServiceOptions> = {};
  for (const name of names) services[name] = PROGRAMS[name].service;
  await using uber = await startUber({ cwd: project.root, config: { services }, isolation: 'shared' });
  const threads = uber.snapshot().services.map(({ ready }) => ready?.threadId);
  expect(new Set(threads).size).toBe(1);
  const answer = async (name: ProgramName): Promise<string> =>
    (await fetch(uber.url(name) + (ANSWERS[name]?.[0] ?? ''))).text();
  const all = (): Promise<string[]> => Promise.all(names.map(answer));
  const wanted = names.map((name) => expect.stringContaining(ANSWERS[name]?.[1] ?? ''));
  expect(await all()).toEqual(wanted);
  for (const name of names) {
    await uber.restart(name);
    expect(await all()).toEqual(wanted);
  }
  const states = uber.snapshot().services.map(({ state, incarnation }) => `${state} ${incarnation}`);
  expect(new Set(states)).toEqual(new Set(['ready 2']));
}, 120_000);
