// Boots a project with `npx uber`, calls its services, ends it with Ctrl+C and looks for what is left.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Running, Workshop } from './commands.ts';
import type { Project } from './projects.ts';

/** How long the services may take to be ready, in milliseconds. */
const READY_MS = 60_000;

/** An event of `--json`. */
interface UberEvent {
  readonly event: string;
  readonly service?: string;
  readonly url?: string;
}

/**
 * Boots what is installed in `folder`.
 * @throws Error for anything that is not as a user may expect it
 */
export async function bootAndCall(
  { args, answers, readyOrder }: Project,
  folder: string,
  workshop: Workshop,
): Promise<void> {
  // With --no npx never fetches a package of that name.
  const uber = workshop.start('npx', ['--no', 'uber', ...args, '--json'], folder);
  const events = await untilUp(uber);
  const ready = events.filter(({ event }) => event === 'ready');
  if (readyOrder !== undefined)
    assert.deepEqual(
      ready.map(({ service }) => service),
      readyOrder,
    );
  const urls = new Map(ready.map(({ service, url }) => [service, url]));
  for (const [service, bodies] of Object.entries(answers)) {
    for (const [path, expected] of Object.entries(bodies)) {
      const response = await fetch(`${urls.get(service)}${path}`);
      const body: unknown = await response.json();
      assert.deepEqual(body, expected, `${service}${path} answered ${JSON.stringify(body)}`);
    }
  }
  uber.signal('SIGINT');
  const { exitCode, signal, stderr } = await uber.ended;
  assert.ok(exitCode === 130 || signal === 'SIGINT', `Ctrl+C ended it with ${exitCode ?? signal}\n${stderr}`);
  for (const url of urls.values()) assert.equal(await isOpen(`${url}`), false, `${url} is still open`);
  const runs = join(folder, '.uber', 'runs');
  const left = existsSync(runs) ? readdirSync(runs) : [];
  assert.ok(left.length === 0, `folders of runs are left: ${left.join(', ')}`);
}

async function untilUp(uber: Running): Promise<UberEvent[]> {
  const end = { hasCome: false };
  const ended = uber.ended.then((result) => {
    end.hasCome = true;
    return result;
  });
  const limit = performance.now() + READY_MS;
  while (!end.hasCome && performance.now() < limit) {
    const events = readEvents(uber.stdout());
    if (events.some(({ event }) => event === 'up')) return events;
    await pause(20);
  }
  uber.signal('SIGKILL');
  const { stdout, stderr } = await ended;
  throw new Error(`uber was not up:\n${stdout}${stderr}`);
}

function readEvents(stdout: string): UberEvent[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as UberEvent);
}

function isOpen(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
