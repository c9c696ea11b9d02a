// A repository as a team has it, which has never heard of uber: five services in five styles, a library, a database.
import { mkdirSync, symlinkSync } from 'node:fs';
import { makeProject, type TestProject } from './project.ts';

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Path -> content. */
export const SHOP_FILES: Readonly<Record<string, string>> = {
  'package.json': json({
    name: 'shop',
    private: true,
    workspaces: ['apps/*', 'packages/*'],
    scripts: { build: 'tsc -b', dev: 'turbo run dev' },
  }),

  // TypeScript, ES module, run by tsx; reads an address from a variable of its own.
  'apps/web/package.json': json({
    name: '@shop/web',
    type: 'module',
    scripts: { dev: 'cross-env NODE_ENV=development tsx watch src/main.ts', build: 'tsc' },
    dependencies: { '@shop/shared': '*' },
  }),
  'apps/web/.env': 'CATALOG_API=http://localhost:3002\nTITLE=Shop\n',
  'apps/web/src/main.ts': `import { createServer, type ServerResponse } from 'node:http';
import { greeting } from '@shop/shared';

enum Route { Home = '/', Order = '/order' }
const orders: string = process.env.ORDERS_API ?? 'http://localhost:3001/api';
const catalog: string = process.env.CATALOG_API ?? '';
const mocks = process.env.MOCKS_URL ?? 'http://localhost:3005';

async function answer(path: string, response: ServerResponse): Promise<void> {
  if (path === Route.Home) return void response.end(greeting(process.env.TITLE ?? ''));
  const [order, item, mock] = await Promise.all(
    [orders, catalog + '/items/1', mocks + '/reviews/1'].map(async (url) => (await fetch(url)).json()),
  );
  response.end(JSON.stringify({ order, item, mock }));
}

createServer((request, response) => void answer(request.url ?? '/', response)).listen(3000);
`,

  // CommonJS, Express, its port in its script.
  'apps/orders/package.json': json({
    name: '@shop/orders',
    scripts: { start: 'PORT=3001 node server.js' },
    dependencies: { express: '*' },
  }),
  'apps/orders/server.js': `const express = require('express');
const app = express();
app.get('/api', (request, response) => response.json({ service: 'orders', node: process.env.GREETING }));
app.listen(process.env.PORT);
`,

  // Fastify, compiled before it runs.
  'apps/catalog/package.json': json({
    name: '@shop/catalog',
    scripts: { start: 'tsc && node dist/index.js', build: 'tsc' },
    dependencies: { fastify: '*' },
  }),
  'apps/catalog/tsconfig.json': json({
    compilerOptions: { outDir: 'dist', rootDir: 'src', module: 'commonjs', esModuleInterop: true },
  }),
  'apps/catalog/src/index.ts': `import fastify from 'fastify';

const app = fastify();
app.get<{ Params: { id: string } }>('/items/:id', async (request) => ({ id: request.params.id, orders: process.env.ORDERS_HOST_NAME }));
app.listen({ port: Number(process.env.PORT) || 3002, host: '0.0.0.0' });
`,

  // Known to compose only: a folder without a package.json, with a Dockerfile.
  'docker/mailer/Dockerfile':
    'FROM node:24\nWORKDIR /app\nCOPY . .\nCMD ["node", "/app/mailer.js", "--verbose"]\n',
  'docker/mailer/mailer.js': `const http = require('http');
http.createServer((request, response) => {
  response.end(JSON.stringify({ args: process.argv.slice(2), db: process.env.DATABASE_URL, web: process.env.WEB }));
}).listen(8080);
`,
  'compose.yaml': `services:
  db:
    image: postgres:17
    ports: ["5433:5432"]
    environment: { POSTGRES_PASSWORD: postgres }
  mailer:
    build: ./docker/mailer
    environment:
      - DATABASE_URL=postgres://postgres:postgres@db:5432/shop
      - WEB=http://web:3000/welcome
      - PORT=8080
      - SMTP_TOKEN
    depends_on: [db, web]
  web:
    build: { context: ., dockerfile: apps/web/Dockerfile }
    depends_on:
      orders: { condition: service_started }
  orders:
    build: ./apps/orders
    environment:
      GREETING: \${GREETING:-hello}
  queue-worker:
    build: ./apps/orders
    command: node worker.js
`,
  'apps/orders/worker.js': 'console.log("worker has begun"); setInterval(() => {}, 1000);\n',

  // A published server, by its command.
  'apps/mocks/package.json': json({
    name: '@shop/mocks',
    scripts: { start: 'json-server db.json --port 3005 --quiet' },
    devDependencies: { 'json-server': '*' },
  }),
  'apps/mocks/db.json': json({ reviews: [{ id: 1, text: 'good' }] }),

  // A library.
  'packages/shared/package.json': json({
    name: '@shop/shared',
    main: 'index.js',
    type: 'module',
    scripts: { build: 'tsc', test: 'jest' },
  }),
  'packages/shared/index.js': 'export const greeting = (name) => `Welcome to ${name}`;\n',
};

/** Makes the repository, with its packages installed but without `uberservice`. */
export function makeShop(): TestProject {
  const project = makeProject({ files: { ...SHOP_FILES }, packages: 'without-uberservice' });
  mkdirSync(project.path('node_modules', '@shop'));
  symlinkSync(
    project.path('packages', 'shared'),
    project.path('node_modules', '@shop', 'shared'),
    'junction',
  );
  return project;
}
