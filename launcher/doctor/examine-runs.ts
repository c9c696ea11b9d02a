// Folders of runs that are over: how much they hold, and how to remove them.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removalCommand } from '../platform.ts';
import { type LeftRun, listLeftRuns, runsFolder } from '../resources/run-registry.ts';
import { stateFolder } from '../resources/state-folder.ts';
import type { Finding } from './finding.ts';

/** One finding for each folder. */
export async function examineRuns(root: string, short: (path: string) => string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const run of await listLeftRuns(runsFolder(stateFolder(root)))) {
    const { path } = run;
    const size = sizeText(await sizeOf(path).catch(() => 0));
    findings.push({
      id: 'stale-run',
      severity: 'info',
      service: null,
      file: short(path),
      line: null,
      message: `${messageOf(run)} and still has ${size}.`,
      hint: `${HINTS[run.kind]}${removalCommand(short(path))}`,
    });
  }
  return findings;
}

const HINTS: Readonly<Record<LeftRun['kind'], string>> = {
  kept: 'It is never removed by itself. When it is not needed any more: ',
  died: 'The next start of uber removes it. Or now: ',
  remains: 'The next start of uber removes it. Or now: ',
};

function messageOf({ runId, owner, kind }: LeftRun): string {
  if (owner === null || kind === 'remains')
    return `Run ${runId} was killed while its folder was made or removed`;
  const run = `Run ${runId} of ${new Date(owner.startedMs).toISOString()}`;
  if (kind === 'kept') return `${run} was kept by --keep`;
  return `${run} is over (process ${owner.pid} has ended without stopping)`;
}

/** All files below a folder, in bytes. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const [size, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'KB'] : [bytes / 1024 ** 2, 'MB'];
  return `${size.toFixed(1)} ${unit}`;
}
