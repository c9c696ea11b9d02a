// Whether processes of this machine live.
import { readFileSync } from 'node:fs';

/** True while a process runs. One that has ended and that nobody has waited for has ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux'; // Gone meanwhile; elsewhere there is no such file.
  }
}

/** Resolves when a process has ended: one that was killed takes a moment. A test that waits in vain runs out of time. */
export async function hasEnded(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}
