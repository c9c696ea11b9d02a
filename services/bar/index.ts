// bar: asks foo for a greeting and keeps count of its visits in a file of its own.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import express from 'express';
import { pino } from 'pino';

const {
  FOO_URL = 'http://localhost:3000',
  UBER_DATA_DIR = '.',
  UBER_RUN_ID = 'none',
  PORT = '3001',
} = process.env;

const log = pino({ name: 'bar' });
const visitsFile = join(UBER_DATA_DIR, 'visits.txt');

async function countVisit(): Promise<number> {
  const before = await readFile(visitsFile, 'utf8').catch(() => '0');
  const visits = Number(before) + 1;
  await writeFile(visitsFile, String(visits));
  return visits;
}

const app = express();

app.get('/health', (_request, response) => {
  response.json({ ok: true });
});

app.get('/hello', async (_request, response) => {
  const answer = await fetch(`${FOO_URL}/hello?name=bar`);
  const foo: unknown = await answer.json();
  response.json({ service: 'bar', run: UBER_RUN_ID, visits: await countVisit(), foo });
});

// As any program does it: the launcher moves it to the port it has leased.
app.listen(Number(PORT), () => log.info('bar is open'));
