// Children and temporary folders of the benchmark: removed in every ending, a signal's too.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Everything that must not outlive the benchmark. Made once a process. */
export class Leftovers {
  readonly #children = new Set<ChildProcess>();
  readonly #groups = new Set<ChildProcess>();
  readonly #folders = new Set<string>();

  constructor() {
    process.on('exit', () => this.remove());
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        this.remove();
        // To die by the signal tells npm and the shell that we were interrupted. All other listeners are ours too.
        process.kill(process.pid, signal);
      });
    }
  }

  /** Makes a temporary folder; its path has no links in it, as Node sees the files that are loaded from there. */
  folder(): string {
    const path = mkdtempSync(join(realpathSync(tmpdir()), 'uber-bench-'));
    this.#folders.add(path);
    return path;
  }

  /** Takes care of a folder with a name of the caller; it need not exist, and may be moved away. */
  adopt(path: string): string {
    this.#folders.add(path);
    return path;
  }

  /** Takes care of a child until it has ended. */
  child<Child extends ChildProcess>(child: Child): Child {
    this.#children.add(child);
    const forget = (): void => void this.#children.delete(child);
    child.once('exit', forget).once('error', forget);
    return child;
  }

  /** The same for a child that was spawned `detached`, and for all processes it starts. */
  group<Child extends ChildProcess>(child: Child): Child {
    this.#groups.add(child);
    return child;
  }

  /** Ends a group now. Where there are no process groups: only the child. */
  endGroup(child: ChildProcess): void {
    this.#groups.delete(child);
    try {
      if (child.pid !== undefined)
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // All of it has ended by itself.
    }
  }

  /** Ends and removes all. Synchronous, as the end of a process demands. */
  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
    for (const child of this.#groups) this.endGroup(child);
    // A child that is being killed may still put a file there: hence the retries.
    for (const path of this.#folders) {
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
    this.#folders.clear();
  }
}
