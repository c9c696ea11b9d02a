// Folders of runs that are over: how much they hold, and how to remove them.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removalCommand } from '../platform.ts';
import { listStaleRuns } from '../resources/run-directory.ts';
import type { Finding } from './finding.ts';

/** One finding for each folder. */
export async function examineRuns(root: string, short: (path: string) => string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { path, runId, startedMs, pid } of listStaleRuns(root)) {
    const size = sizeText(await sizeOf(path));
    findings.push({
      id: 'stale-run',
      severity: 'info',
      service: null,
      file: short(path),
      line: null,
      message: `Run ${runId} of ${new Date(startedMs).toISOString()} is over (process ${pid} has ended) and still has ${size}.`,
      hint: `It was kept by --keep, or killed. Remove it: ${removalCommand(short(path))}`,
    });
  }
  return findings;
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
