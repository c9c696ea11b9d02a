// Ends child processes when the launcher has been killed, which cannot do it then: one small shell for the whole
// launcher, which waits at the end of a pipe. It does not depend on any event loop.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { GUARDIAN } from '../platform-processes.ts';

/** How long it may stand by with nothing to guard, in milliseconds. A service often starts one child after another. */
const IDLE_MS = 2000;

/** Guards process groups. Started at the first one, ended when there has been none for a while. */
class Guardian {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | null = null;
  #idle: NodeJS.Timeout | undefined;

  /** From now on the group ends with the launcher. */
  add(pid: number): void {
    if (GUARDIAN === null || pid === 0) return;
    clearTimeout(this.#idle);
    this.#groups.add(pid);
    if (this.#shell === null) this.#start();
    else this.#tell(`+${pid}`);
  }

  /** The group has ended, or is ended by somebody else: its number may soon be another's. */
  remove(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    this.#tell(`-${pid}`);
    if (this.#groups.size > 0) return;
    this.#idle = setTimeout(() => this.#dismiss(), IDLE_MS).unref();
  }

  #start(): void {
    if (GUARDIAN === null) return;
    const { command, args } = GUARDIAN;
    // A session of its own: neither Ctrl+C nor the end of the terminal reaches it. Nothing of the environment either.
    const shell = spawn(command, [...args], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#shell = shell;
    const forget = (): void => {
      if (this.#shell === shell) this.#shell = null;
    };
    // Without a shell (or with one that somebody has killed) the next start of uber ends what is left.
    shell.once('error', forget).once('exit', forget);
    shell.stdin?.on('error', forget);
    // It must not keep the launcher alive.
    shell.unref();
    (shell.stdin as Socket | null)?.unref();
    for (const pid of this.#groups) this.#tell(`+${pid}`);
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }

  #dismiss(): void {
    this.#shell?.stdin?.end();
    this.#shell = null;
  }
}

/** The one of this process. */
export const guardian: Guardian = new Guardian();
