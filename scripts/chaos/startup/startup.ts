// Scenario `startup`: how long it takes from the fault of a start to its error on the screen.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { table } from '../../bench/report/table.ts';
import { leftRuns, UBER_PROGRAM, writeProject } from '../project.ts';
import type { ChaosScenario, ChaosTools } from '../scenario.ts';
import { filesOf, MOMENT_FILE, STARTUP_FAULTS, type StartupFault } from './faults.ts';

/** The longest time that counts as at once, in milliseconds. */
const LIMIT_MS = 300;

const PLACEMENTS = ['thread', 'process'] as const;

/** One failed start. */
interface Measured {
  readonly fault: string;
  readonly placement: (typeof PLACEMENTS)[number];
  /** From the fault to the error, in milliseconds; null when one of them did not come. */
  readonly toErrorMs: number | null;
  /** From the fault to the end of the command. */
  readonly toEndMs: number | null;
  readonly left: readonly string[];
  readonly screen: string;
}

export const startupScenario: ChaosScenario = {
  summary: `From the fault of a start to the error on the screen: at most ${LIMIT_MS} ms`,
  run: async (_options, tools) => {
    const measured: Measured[] = [];
    for (const [name, fault] of Object.entries(STARTUP_FAULTS)) {
      for (const placement of PLACEMENTS) {
        if (fault.placements?.includes(placement) === false) continue;
        tools.progress(`${name}, ${placement}`);
        measured.push({ fault: name, placement, ...(await measure(fault, placement, tools)) });
      }
    }
    return { text: toText(measured), data: { limitMs: LIMIT_MS, measured }, broken: measured.flatMap(judge) };
  },
};

function judge({ fault, placement, toErrorMs, left, screen }: Measured): string[] {
  const what = `${fault} (${placement})`;
  const late = toErrorMs !== null && toErrorMs > LIMIT_MS;
  return [
    ...(toErrorMs === null ? [`${what}: no error came. The screen: ${screen.trim()}`] : []),
    ...(late ? [`${what}: the error came after ${Math.round(toErrorMs)} ms`] : []),
    ...left.map((run) => `${what}: the run ${run} was left`),
  ];
}

function toText(measured: readonly Measured[]): string {
  const figure = (ms: number | null): string => (ms === null ? '-' : ms.toFixed(0));
  const rows = measured.map(({ fault, placement, toErrorMs, toEndMs }) => [
    fault,
    placement,
    figure(toErrorMs),
    figure(toEndMs),
  ]);
  return table([['ms from the fault to', 'placement', 'the error', 'the end'], ...rows]).join('\n');
}

async function measure(
  fault: StartupFault,
  placement: string,
  { leftovers }: ChaosTools,
): Promise<Omit<Measured, 'fault' | 'placement'>> {
  const server = fault.needsTakenPort === true ? await takePort() : null;
  const root = writeProject(leftovers, filesOf(fault, server === null ? null : portOf(server)));
  const moment = join(root, 'moment');
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = leftovers.child(
    spawn(process.execPath, [UBER_PROGRAM, 'foo', '--isolation', placement], {
      cwd: root,
      env: { ...env, [MOMENT_FILE]: moment },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let screen = '';
  let shownNs: bigint | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    if (shownNs === null && /^error: /m.test(screen)) shownNs = process.hrtime.bigint();
  });
  await new Promise((resolve) => child.once('close', resolve));
  const endedNs = process.hrtime.bigint();
  server?.close();
  const faultNs = readMoment(moment);
  return {
    toErrorMs: between(faultNs, shownNs),
    toEndMs: between(faultNs, endedNs),
    left: leftRuns(root),
    screen,
  };
}

/** Node's clock is that of the machine: moments of two processes can be compared. */
function between(fromNs: bigint | null, toNs: bigint | null): number | null {
  return fromNs === null || toNs === null ? null : Number(toNs - fromNs) / 1e6;
}

function readMoment(path: string): bigint | null {
  try {
    return BigInt(readFileSync(path, 'utf8'));
  } catch {
    return null; // It did not come that far.
  }
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

async function takePort(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
