// Which services a chaos run has, and how they depend on each other. Pure but for the sources it reads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceOptions, UberConfigFile } from '../../../launcher/options.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');
const LIBRARY = join('lib', 'conduct.cjs');
const ENTRIES = ['plain/index.mjs', 'signals/index.mts', 'express/index.cjs', 'typed/index.mts'] as const;

/** One service of the run. */
export interface ChaosService {
  readonly name: string;
  /** Where its program comes from. */
  readonly entry: (typeof ENTRIES)[number];
  readonly options: ServiceOptions;
  /** Those that are started again with it. */
  readonly startsAgain: readonly string[];
}

/** The services: mixed programs, two in processes, some that depend on others. */
export function makeServices(count: number): ChaosService[] {
  const name = (index: number): string => `s${String(index + 1).padStart(2, '0')}`;
  return Array.from({ length: count }, (_, index) => {
    const entry = ENTRIES[index % ENTRIES.length] ?? ENTRIES[0];
    // The second and the third need the first, and are started again with it; the fifth only needs the fourth.
    const dependsOn = index === 1 || index === 2 ? [name(0)] : index === 4 ? [name(3)] : [];
    const options: ServiceOptions = {
      entry: `./services/${name(index)}`,
      dependsOn,
      placement: index === 3 || index === 5 ? 'process' : 'thread',
      restartDependents: index === 0,
      heapMb: 64,
      blockedMs: 1500,
      stopGraceMs: 1000,
      restart: { policy: 'on-failure', minDelayMs: 50, maxDelayMs: 400, attempts: 50, windowMs: 10_000 },
    };
    return { name: name(index), entry, options, startsAgain: index === 0 ? [name(1), name(2)] : [] };
  });
}

/** All files of the project. */
export function projectFiles(services: readonly ChaosService[]): Record<string, string> {
  const config: UberConfigFile = {
    services: Object.fromEntries(services.map(({ name, options }) => [name, options])),
  };
  const read = (path: string): string => readFileSync(join(PROGRAMS, path), 'utf8');
  const sources = services.map(({ name, entry }) => [
    join('services', name, entry.slice(entry.indexOf('/') + 1)),
    read(join('services', entry)),
  ]);
  return {
    ...Object.fromEntries(sources),
    [LIBRARY]: read(LIBRARY),
    'uber.config.json': JSON.stringify(config),
  };
}
