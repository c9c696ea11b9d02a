// The project of a turn, and what is known after it.
import type { UberConfigFile } from '../../../launcher/options.ts';
import type { InstanceState, PlacementName } from '../../../launcher/types.ts';
import type { FaultRow } from './rows.ts';

/** Those under load. They are threads wherever foo lives: it must not be possible for foo to hurt them. */
export const OTHERS: readonly string[] = ['other1', 'other2', 'other3', 'other4'];

/** How many requests to the others must end after all is over. */
export const REQUESTS = 300;

/** One thing that was told. */
export interface Told {
  readonly service: string | null;
  readonly code: string;
  readonly message: string;
  readonly lastLines: readonly string[];
}

/** What was seen in one turn. */
export interface Turn {
  /** Faults of all services, in order. */
  readonly told: readonly Told[];
  /** What foo has written, without a flood. */
  readonly lines: readonly string[];
  /** Requests to the others that were answered with 200. */
  readonly answered: number;
  /** Those that were not: the service and the reason. */
  readonly failed: readonly string[];
  /** State and incarnation of foo at the end. */
  readonly state: InstanceState;
  readonly incarnation: number;
  readonly isSamePort: boolean;
  /** What foo answers at the end; null when it was not asked. */
  readonly answers: string | null;
  /** From the fault until foo was ready again, in milliseconds; null when it was not to be. */
  readonly againMs: number | null;
  /** What was there after the run. */
  readonly left: readonly string[];
}

/** The files of the project of a row. */
export function projectFiles(
  { program, settings }: FaultRow,
  placement: PlacementName,
): Record<string, string> {
  const config: UberConfigFile = { services: { foo: { ...settings, placement } } };
  const others = OTHERS.map((name, index) => [
    `services/${name}/index.${index % 2 === 0 ? 'mjs' : 'mts'}`,
    `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('${name}'));
// Node closes a connection that is idle for 5 s, which may cross a request on it: that would be no fault of the launcher.
server.keepAliveTimeout = 0;
server.listen(3000);
`,
  ]);
  return {
    'uber.config.json': JSON.stringify(config),
    'services/foo/index.mjs': program,
    ...Object.fromEntries(others),
  };
}

/** Asks foo for its fault. Returns the moment of it, which is that of its answer, on the clock of the machine. */
export async function askFault(url: string): Promise<number> {
  const response = await fetch(`${url}/fault`, { headers: { connection: 'close' } });
  return Number(BigInt(await response.text())) / 1e6;
}
