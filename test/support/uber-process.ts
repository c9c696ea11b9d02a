// The command `uber` as a child process, with what it writes.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { REPOSITORY } from './project.ts';

/** An event of `--json`. */
export interface JsonEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface UberResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UberProcessOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** False: `env` is the whole environment. */
  readonly inherit?: boolean;
  /** Lines of a POSIX shell that becomes the launcher, for example `ulimit -n 40`. */
  readonly shell?: string;
  /** True: the shell may mount what it likes, for itself only. */
  readonly ownMounts?: boolean;
}

/** Started at once; awaited through `ended`. */
export class UberProcess implements AsyncDisposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<UberResult>;
  stdout = '';
  stderr = '';
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], options: UberProcessOptions) {
    const { cwd, env = {}, inherit = true } = options;
    const { NODE_OPTIONS: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env;
    const [command = '', ...rest] = [
      ...shellOf(options),
      ...[process.execPath, join(REPOSITORY, 'dist', 'cli', 'main.js'), ...args],
    ];
    this.child = spawn(command, rest, {
      cwd,
      env: inherit ? { ...inherited, ...env } : env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.#take('stdout', text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => this.#take('stderr', text));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (exitCode, signal) => {
        resolve({ exitCode, signal, stdout: this.stdout, stderr: this.stderr });
        this.#look();
      });
    });
  }

  /** Complete lines of stdout as events. */
  events(): JsonEvent[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JsonEvent);
  }

  /** The first event of that name, waited for. */
  async event(name: string): Promise<JsonEvent> {
    await this.until(() => this.events().some(({ event }) => event === name), `event "${name}"`);
    return this.events().find(({ event }) => event === name) as JsonEvent;
  }

  /** Waits until what was written so far satisfies the condition; fails when the process ends before. */
  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const isMet = condition();
        if (!isMet && this.child.exitCode === null && this.child.signalCode === null) return;
        this.#waiting.delete(look);
        if (isMet) resolve();
        else
          reject(
            new Error(
              `uber ended (${this.child.exitCode ?? this.child.signalCode}) without ${what}.\nstdout: ${this.stdout}\nstderr: ${this.stderr}`,
            ),
          );
      };
      this.#waiting.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }

  #take(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** Linux: the program and arguments before a command that may mount what it likes, for itself only. */
export const OWN_MOUNTS: readonly string[] = ['unshare', '--user', '--map-root-user', '--mount'];

function shellOf({ shell, ownMounts = false }: UberProcessOptions): string[] {
  if (shell === undefined) return [];
  // A shell that becomes the launcher keeps the process number: signals reach it.
  const words = ['sh', '-c', `set -e\n${shell}\nexec "$@"`, 'sh'];
  return ownMounts ? [...OWN_MOUNTS, ...words] : words;
}

/** Runs `uber` to its end. */
export async function runUber(args: readonly string[], options: UberProcessOptions): Promise<UberResult> {
  return new UberProcess(args, options).ended;
}
