// One round: boots a project in a fresh process, calls every service, measures, and stops it.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Leftovers } from '../leftovers.ts';
import { HAS_PROCESS_USAGE, treeCpuMs, treePssMb } from '../process-usage.ts';
import type { Launcher } from './launchers.ts';
import type { Project } from './project.ts';

/** What one round has cost. */
export interface Sample {
  /** From the spawn to the "up" line, in milliseconds. */
  readonly bootMs: number;
  /** From the spawn until every service has answered a request, in milliseconds. */
  readonly servedMs: number;
  /** User and system CPU time until then, in milliseconds; null where it cannot be measured. */
  readonly cpuMs: number | null;
  /** Memory after a pause, in MB; null where it cannot be measured. */
  readonly pssMb: number | null;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Longest boot and longest stop before the round counts as broken, in milliseconds. */
const BOOT_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 20_000;
/** What is freed after the last answer (sockets, buffers of the boot) has gone by then, in milliseconds. */
const SETTLE_MS = 300;
/** Would change what is measured, and not on both sides alike. */
const UNWANTED_ENV = ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE'];

/**
 * Runs one round.
 * @throws Error when it does not come up, a service answers anything but its own name, or it does not stop
 */
export async function runRound(launcher: Launcher, project: Project, leftovers: Leftovers): Promise<Sample> {
  const startedMs = performance.now();
  const child = leftovers.child(spawnLauncher(launcher, project));
  const pid = child.pid;
  if (pid === undefined) throw new Error('the launcher could not be spawned');
  const up = await upEvent(child);
  const bootMs = performance.now() - startedMs;
  await callAll(project, launcher.urls(up));
  const servedMs = performance.now() - startedMs;
  const cpuMs = HAS_PROCESS_USAGE ? treeCpuMs(pid) : null;
  await pause(SETTLE_MS);
  const pssMb = HAS_PROCESS_USAGE ? treePssMb(pid) : null;
  await stop(child);
  return { bootMs, servedMs, cpuMs, pssMb };
}

function spawnLauncher(launcher: Launcher, project: Project): Child {
  const env = { ...process.env };
  for (const key of UNWANTED_ENV) delete env[key];
  return spawn(process.execPath, [...launcher.args(project)], {
    cwd: project.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The event `up`, from a launcher that writes one JSON object a line. */
async function upEvent(child: Child): Promise<Record<string, unknown>> {
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), BOOT_LIMIT_MS);
  try {
    // Read on after the line has come: a full pipe would stop the launcher.
    const lines = createInterface({ input: child.stdout });
    return await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const event = parseEvent(line);
        if (event === null) reject(new Error(`not a line of JSON: ${line}`));
        else if (event.event === 'up') resolve(event);
        else if (event.event === 'failed') reject(new Error(`the launcher failed: ${line}`));
      });
      lines.once('close', () => reject(new Error(`the launcher ended before it was up:\n${errors}`)));
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Null for what is no JSON. */
function parseEvent(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

async function callAll({ services }: Project, urls: ReadonlyMap<string, string>): Promise<void> {
  for (const { name } of services) {
    const body = await fetchText(`${urls.get(name)}/hello`);
    const expected = JSON.stringify({ from: name });
    if (body !== expected) throw new Error(`service ${name} answered ${body} instead of ${expected}`);
  }
}

/** A connection for each request: one that is kept open would be in the way of the stop. */
function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve(body)).once('error', reject);
    });
    request.once('error', reject);
  });
}

async function stop(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error('the launcher ended by itself');
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  const [, signal] = await exited;
  clearTimeout(timer);
  if (signal !== 'SIGINT')
    throw new Error(`the launcher did not end by SIGINT, but by ${signal ?? 'itself'}`);
}
