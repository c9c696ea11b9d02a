// Requests a second of one program: in a thread of uber, and in a worker thread without it.
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { copyLauncher } from '../boot/launchers.ts';
import { HAS_PROCESS_USAGE, treeCpuMs } from '../process-usage.ts';
import type { BenchOptions, BenchTools } from '../scenario.ts';
import { type Spread, spread } from '../statistics.ts';

const require = createRequire(import.meta.url);
const PROGRAMS = join(import.meta.dirname, 'programs');
const ENDPOINTS = ['/json', '/file', '/stream'] as const;
const CONNECTIONS = 20;
/** What may be lost, as a part. */
const TARGET_LOSS = 0.02;
/** Ratios that differ by more than this from round to round say nothing of a loss that small. */
const MOST_NOISE = 0.1;

const SIDES = ['bare', 'uber'] as const;

type Side = (typeof SIDES)[number];

/** One endpoint. */
export interface EndpointResult {
  readonly endpoint: string;
  /** Requests a second. */
  readonly bare: Spread;
  readonly uber: Spread;
  /** uber / bare of neighbouring measurements. */
  readonly ratio: Spread;
  /** Null when the noise is greater than what was looked for. */
  readonly isMet: boolean | null;
  /** The same of the server's CPU time for a request: steadier where the machine has other work. Null off Linux. */
  readonly cpuRatio: Spread | null;
}

/** Measures all endpoints, both sides in turn. Both servers live all the time: one that idles costs nothing. */
export async function measureThroughput(
  { rounds, seconds }: BenchOptions,
  { leftovers, progress }: BenchTools,
): Promise<EndpointResult[]> {
  const root = writeProject(leftovers.folder());
  const uber = copyLauncher(leftovers.folder());
  const commands: Readonly<Record<Side, readonly string[]>> = {
    bare: [
      join(PROGRAMS, 'bare.mjs'),
      join(PROGRAMS, 'entry.cjs'),
      join(root, 'services', 'server', 'index.cjs'),
    ],
    uber: [uber, 'server', '--json'],
  };
  const children = SIDES.map((side) =>
    leftovers.child(
      spawn(process.execPath, [...commands[side]], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] }),
    ),
  );
  const [bareUrl = '', uberUrl = ''] = await Promise.all(children.map(urlOf));
  const urls: Readonly<Record<Side, string>> = { bare: bareUrl, uber: uberUrl };
  const pids: Readonly<Record<Side, number | undefined>> = { bare: children[0]?.pid, uber: children[1]?.pid };
  const results: EndpointResult[] = [];
  for (const endpoint of ENDPOINTS) {
    const figures: Record<Side, Load[]> = { bare: [], uber: [] };
    // The first round warms both up: thrown away.
    for (let round = 0; round <= rounds; round += 1) {
      for (const side of round % 2 === 0 ? (['bare', 'uber'] as const) : (['uber', 'bare'] as const)) {
        const load = await putLoadOn({ url: `${urls[side]}${endpoint}`, pid: pids[side], seconds });
        progress(`${endpoint} ${side}: ${load.perSecond.toFixed(0)} requests/s`);
        if (round > 0) figures[side].push(load);
      }
    }
    results.push(compare(endpoint, figures));
  }
  for (const child of children) {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
  return results;
}

/** One measurement. */
interface Load {
  readonly perSecond: number;
  /** CPU time of the server's process for one request, in milliseconds; null where it cannot be measured. */
  readonly cpuMs: number | null;
}

function compare(endpoint: string, { bare, uber }: Readonly<Record<Side, readonly Load[]>>): EndpointResult {
  const perSecond = (loads: readonly Load[]): number[] => loads.map((load) => load.perSecond);
  const ratio = spread(ratios(perSecond(uber), perSecond(bare)));
  const cpu = (loads: readonly Load[]): number[] => loads.flatMap(({ cpuMs }) => cpuMs ?? []);
  return {
    endpoint,
    bare: spread(perSecond(bare)),
    uber: spread(perSecond(uber)),
    ratio,
    isMet: verdict(ratio),
    cpuRatio: HAS_PROCESS_USAGE ? spread(ratios(cpu(uber), cpu(bare))) : null,
  };
}

function verdict({ median, min, max }: Spread): boolean | null {
  return max - min > MOST_NOISE ? null : median >= 1 - TARGET_LOSS;
}

function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, index) => value / (below[index] ?? Number.NaN));
}

/** The file lies where a relative path leads to: from the service's folder, and from that of a plain process. */
function writeProject(root: string): string {
  const folder = join(root, 'services', 'server');
  mkdirSync(folder, { recursive: true });
  cpSync(join(PROGRAMS, 'server.cjs'), join(folder, 'index.cjs'));
  for (const place of [root, folder]) writeFileSync(join(place, 'page.html'), '<p>tea</p>\n'.repeat(200));
  return root;
}

function urlOf(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const { event, services } = JSON.parse(line) as { event: string; services?: { url: string }[] };
      const url = services?.[0]?.url;
      if (event === 'up' && url !== undefined) resolve(url);
    });
    lines.once('close', () => reject(new Error('the server ended before it was up')));
  });
}

interface LoadRequest {
  readonly url: string;
  readonly pid: number | undefined;
  readonly seconds: number;
}

/** autocannon in a process of its own. */
async function putLoadOn({ url, pid, seconds }: LoadRequest): Promise<Load> {
  const args = [
    '--json',
    '--no-progress',
    '--connections',
    String(CONNECTIONS),
    '--duration',
    String(seconds),
    url,
  ];
  const cpu = (): number | null => (HAS_PROCESS_USAGE && pid !== undefined ? treeCpuMs(pid) : null);
  const before = cpu();
  const { stdout } = await promisify(execFile)(process.execPath, [require.resolve('autocannon'), ...args], {
    maxBuffer: 2 ** 24,
  });
  const after = cpu();
  const { requests, errors, non2xx } = JSON.parse(stdout) as {
    requests: { average: number; total: number };
    errors: number;
    non2xx: number;
  };
  if (errors + non2xx > 0) throw new Error(`${url}: ${errors} errors, ${non2xx} answers that are no 2xx`);
  const cpuMs = before === null || after === null ? null : (after - before) / requests.total;
  return { perSecond: requests.average, cpuMs };
}
