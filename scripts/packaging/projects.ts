// The projects a user might have, as files, with what their services answer.

/** A project to install the package in. */
export interface Project {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  /** What stands behind `npx uber`. */
  readonly args: readonly string[];
  /** Name of a service -> path -> body of the answer. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Each name before the next. */
  readonly readyOrder?: readonly string[];
}

const ANSWERS = {
  foo: { '/hello': { from: 'foo' } },
  bar: { '/hello': { from: 'bar', foo: { from: 'foo' } } },
};

const FOO = `import express from 'express';

const app = express();
app.get('/hello', (_request, response) => {
  response.json({ from: 'foo' });
});
export default app;
`;

const BAR = `import express, { type Request, type Response } from 'express';

enum Name { bar = 'bar' }

const app = express();
app.get('/hello', async (_request: Request, response: Response) => {
  const answer = await fetch(\`\${process.env.FOO_URL}/hello\`);
  response.json({ from: Name.bar, foo: await answer.json() });
});
app.listen(3000);
`;

const FOO_COMMONJS = `const express = require('express');

const app = express();
app.get('/hello', (_request, response) => response.json({ from: 'foo' }));
module.exports = app;
`;

const BAR_COMMONJS = `const express = require('express');

const app = express();
app.get('/hello', async (_request, response) => {
  const answer = await fetch(process.env.FOO_URL + '/hello');
  response.json({ from: 'bar', foo: await answer.json() });
});
app.listen(3000);
`;

const GREETER = `import { createServer } from 'node:http';
import { defineService, type ServiceContext } from 'uberservice';

const greeting: string = process.env.GREETING ?? 'none';

export default defineService({
  start: ({ name, log }: ServiceContext) => {
    log.info('starting');
    return createServer((_request, response) => response.end(JSON.stringify({ name, greeting })));
  },
  stop: async () => {},
});
`;

const ASKER = `import { createServer } from 'node:http';
import { defineService } from 'uberservice';

export default defineService({
  async start(context) {
    const answer = await fetch(context.services.url('greeter'));
    const greeter: unknown = await answer.json();
    return createServer((_request, response) => response.end(JSON.stringify({ greeter })));
  },
});
`;

const TYPED_CONFIG = `import { defineConfig } from 'uberservice';

export default defineConfig({
  services: {
    greeter: { entry: './apps/greeter/server.ts', env: { GREETING: 'hello', TIMES: 3 } },
    asker: { entry: './apps/asker.ts', dependsOn: ['greeter'], ready: { http: '/' } },
  },
  groups: { all: ['greeter', 'asker'] },
});
`;

/** Not run, only checked by tsc: what a test of a user would say. */
const TYPED_USE = `import { startUber, UberError, type ReadyRow, type UberHandle } from 'uberservice';

export async function use(): Promise<ReadyRow | string> {
  await using uber: UberHandle = await startUber({ services: ['@all'], env: ['LOG_LEVEL=debug'] });
  uber.on('log', ({ service, level, text }) => console.log(service, level, text.length));
  try {
    return await uber.restart('greeter');
  } catch (error) {
    // @ts-expect-error There is no such code.
    if (error instanceof UberError && error.code === 'NO_SUCH_CODE') return uber.url('greeter');
    throw error;
  }
}
`;

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    noEmit: true,
    skipLibCheck: false,
    allowImportingTsExtensions: true,
  },
  include: ['**/*.ts'],
});

const JSON_CONFIG = JSON.stringify({
  $schema: './node_modules/uberservice/dist/uber.schema.json',
  services: { foo: './lib/foo.js', bar: { entry: './lib/bar.js', dependsOn: ['foo'] } },
});

/** Prints the answers, and whether anything still listens after the stop. */
const LIBRARY_SCRIPT = `const { startUber } = require('uberservice');

async function main() {
  const uber = await startUber();
  const url = uber.url('bar');
  const answer = await (await fetch(url + '/hello')).json();
  await uber.stop();
  const isOpen = await fetch(url).then(() => true, () => false);
  console.log(JSON.stringify({ answer, isOpen }));
}
main();
`;

/** What {@link LIBRARY_SCRIPT} prints. */
export const LIBRARY_ANSWER: unknown = { answer: ANSWERS.bar['/hello'], isOpen: false };

/** ES modules in TypeScript, no configuration. */
export const TYPESCRIPT: Project = {
  title: 'ESM TypeScript, no configuration',
  files: {
    'package.json': '{ "private": true, "type": "module" }',
    'services/foo/index.ts': FOO,
    'services/bar/index.ts': BAR,
  },
  args: ['foo', 'bar'],
  answers: ANSWERS,
};

/** CommonJS in JavaScript, no configuration. */
export const COMMONJS: Project = {
  title: 'CommonJS JavaScript, no configuration',
  files: {
    'package.json': '{ "private": true }',
    'services/foo/index.js': FOO_COMMONJS,
    'services/bar/index.js': BAR_COMMONJS,
  },
  args: ['foo', 'bar'],
  answers: ANSWERS,
};

/** A typed configuration; also checked by tsc. */
export const TYPED: Project = {
  title: 'uber.config.ts with defineConfig and dependsOn',
  files: {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': TSCONFIG,
    'uber.config.ts': TYPED_CONFIG,
    'apps/greeter/server.ts': GREETER,
    'apps/asker.ts': ASKER,
    'test/use.ts': TYPED_USE,
  },
  args: ['asker'],
  answers: {
    greeter: { '/': { name: 'greeter', greeting: 'hello' } },
    asker: { '/': { greeter: { name: 'greeter', greeting: 'hello' } } },
  },
  readyOrder: ['greeter', 'asker'],
};

/** A JSON configuration; also used by a CommonJS script. */
export const JSON_CONFIGURED: Project = {
  title: 'uber.config.json with $schema',
  files: {
    'package.json': '{ "private": true }',
    'uber.config.json': JSON_CONFIG,
    'lib/foo.js': FOO_COMMONJS,
    'lib/bar.js': BAR_COMMONJS,
    'use-library.js': LIBRARY_SCRIPT,
  },
  args: ['up'],
  answers: ANSWERS,
  readyOrder: ['foo', 'bar'],
};
