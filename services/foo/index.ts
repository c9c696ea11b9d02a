// foo: greets. Copy this folder to begin a service of your own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { pino } from 'pino';

const { UBER_RESOURCE_DIR = 'resources/foo', UBER_RUN_ID = 'none', GREETING = 'Hello' } = process.env;

const log = pino({ name: 'foo' });
const names = JSON.parse(readFileSync(join(UBER_RESOURCE_DIR, 'names.json'), 'utf8')) as string[];

const app = express();

app.get('/health', (_request, response) => {
  response.json({ ok: true });
});

app.get('/hello', (request, response) => {
  const name = String(request.query.name ?? names[0]);
  log.info({ to: name }, 'greeting');
  response.json({ service: 'foo', run: UBER_RUN_ID, message: `${GREETING}, ${name}!` });
});

export default app;
