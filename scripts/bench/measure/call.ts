// Requests of the benchmark itself.
import { type Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Project } from '../project/project.ts';
import type { Run } from './run.ts';

/** How long a service may take to answer as wanted, and the pause between two tries, in milliseconds. */
const LIMIT_MS = 60_000;
const BETWEEN_MS = 2;

/**
 * The body of an answer.
 * @param agent without one every request has a connection of its own, which is not in the way of a stop
 */
export function fetchText(url: string, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: agent ?? false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve(body)).once('error', reject);
    });
    request.once('error', reject);
  });
}

/** Calls every service once. @throws Error when one answers anything but its own name */
export async function callAll(run: Run, { services }: Project): Promise<void> {
  for (const { name } of services) {
    const body = await fetchText(`${run.url(name)}/hello`);
    const { from } = JSON.parse(body) as { from?: unknown };
    if (from !== name) throw new Error(`service ${name} answered ${body}`);
  }
}

/** Calls a service, wherever it says it is, until it answers as wanted. @throws Error when that takes too long */
export async function untilAnswer(
  url: () => string,
  isWanted: (answer: Readonly<Record<string, unknown>>) => boolean,
): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  let last = '';
  while (performance.now() < endMs) {
    last = await fetchText(url()).catch((error: unknown) => String(error));
    if (isAnswer(last, isWanted)) return;
    await pause(BETWEEN_MS);
  }
  throw new Error(`still answered after ${LIMIT_MS / 1000} s: ${last.slice(0, 200)}`);
}

function isAnswer(body: string, isWanted: (answer: Readonly<Record<string, unknown>>) => boolean): boolean {
  try {
    return isWanted(JSON.parse(body) as Readonly<Record<string, unknown>>);
  } catch {
    return false; // It is on its way: no connection, or the page of a proxy.
  }
}
