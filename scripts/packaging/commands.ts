// Runs the commands a user types, each in a process group of its own, in one temporary folder that leaves with us.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** How long a command may take, in milliseconds. */
const LIMIT_MS = 180_000;

/** How a command ended, with what it wrote. */
interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command while it runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** What it has written to stdout until now. */
  readonly stdout: () => string;
  /** As the terminal does it: to the whole group. */
  signal(signal: NodeJS.Signals): void;
}

/** A temporary folder with projects in it. */
export class Workshop implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'uber-packaging-'));
  readonly #groups = new Set<ChildProcess>();

  /** Writes a project and returns its folder. */
  project(name: string, files: Readonly<Record<string, string>>): string {
    const folder = join(this.#folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Starts a command with the Node that runs this script. */
  start(command: string, args: readonly string[], cwd: string): Running {
    const temporary = join(this.#folder, 'tmp');
    mkdirSync(temporary, { recursive: true });
    const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: path, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#groups.add(child);
    const limit = setTimeout(() => kill(child, 'SIGKILL'), LIMIT_MS);
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (more: string) => {
        text[stream] += more;
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => {
        clearTimeout(limit);
        this.#groups.delete(child);
        resolve({ exitCode, signal, ...text });
      });
    });
    return { ended, stdout: () => text.stdout, signal: (signal) => kill(child, signal) };
  }

  /**
   * Runs a command to its end.
   * @throws Error when it fails, with what it wrote
   */
  async run(command: string, args: readonly string[], cwd: string): Promise<string> {
    const { exitCode, signal, stdout, stderr } = await this.start(command, args, cwd).ended;
    if (exitCode === 0) return stdout;
    throw new Error(`${command} ${args.join(' ')} ended with ${exitCode ?? signal}\n${stdout}${stderr}`);
  }

  [Symbol.dispose](): void {
    for (const child of this.#groups) kill(child, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
