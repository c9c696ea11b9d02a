// Load on a server, put on by autocannon in a process of its own.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { Run } from './run.ts';

const require = createRequire(import.meta.url);
const CONNECTIONS = 20;

/** What a server has done. */
export interface Load {
  readonly perSecond: number;
  /** CPU time of the server for one request, in milliseconds; null where it cannot be measured. */
  readonly cpuPerRequestMs: number | null;
}

/** @throws Error when a request fails */
export async function putLoadOn(run: Run, url: string, seconds: number): Promise<Load> {
  const args = [
    '--json',
    '--no-progress',
    '--connections',
    String(CONNECTIONS),
    '--duration',
    String(seconds),
  ];
  const before = run.usage().cpuMs;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [require.resolve('autocannon'), ...args, url],
    { maxBuffer: 2 ** 24 },
  );
  const after = run.usage().cpuMs;
  const { requests, errors, non2xx } = JSON.parse(stdout) as {
    requests: { average: number; total: number };
    errors: number;
    non2xx: number;
  };
  if (errors + non2xx > 0) throw new Error(`${url}: ${errors} errors, ${non2xx} answers that are no 2xx`);
  const cpuPerRequestMs = before === null || after === null ? null : (after - before) / requests.total;
  return { perSecond: requests.average, cpuPerRequestMs };
}
