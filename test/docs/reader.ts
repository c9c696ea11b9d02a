// Follows a page as its reader would: writes its files, types its commands, and looks whether they write what it says.
import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { commandsOf, type DocBlock, kindOf } from '../support/doc-blocks.ts';
import { REPOSITORY, type TestProject } from '../support/project.ts';
import { matchOutput, type PortMap, withRealPorts } from './output.ts';

/** How long a command may take to end or to be ready, in milliseconds. */
const LIMIT_MS = 60_000;

/** Written when every service is ready: in the form for people, and in that for programs. */
const READY = /Ctrl\+C stops\.\n|^\{"event":"up".*\n/m;

/** A command that has been typed. */
interface Typed {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output: string;
}

/** Where the reader sits. */
type Folder = Pick<TestProject, 'root' | 'write'>;

/** One reader, at one page, in one project. */
export class Reader implements AsyncDisposable {
  readonly #page: string;
  readonly #project: Folder;
  readonly #root: string;
  #ports: PortMap = new Map();
  /** Services that are kept running, as in a terminal of their own. */
  #running: Typed | null = null;
  /** What the last commands wrote. */
  #output: () => string = () => '';

  constructor(page: string, project: Folder) {
    this.#page = page;
    this.#project = project;
    this.#root = realpathSync(project.root);
  }

  /**
   * Does what a block asks for.
   * @throws Error that names the line of the page
   */
  async follow(block: DocBlock): Promise<void> {
    const kind = kindOf(block);
    if (kind === 'file') this.#project.write({ [block.attributes.file ?? '']: block.content });
    if (kind === 'commands' && isForThisNode(block)) await this.#type(block);
    if (kind === 'output') await this.#compare(block);
  }

  /** Ends what still runs, as Ctrl+C does. */
  async stop(): Promise<void> {
    const typed = this.#running;
    this.#running = null;
    if (typed === null) return;
    signal(typed.child, 'SIGINT');
    const timer = setTimeout(() => signal(typed.child, 'SIGKILL'), LIMIT_MS);
    await typed.ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #type(block: DocBlock): Promise<void> {
    const wanted = Number(block.attributes.exit ?? 0);
    const typed: Typed[] = [];
    this.#output = () => typed.map(({ output }) => output).join('');
    for (const [index, line] of commandsOf(block).entries()) {
      // `uber ps` is typed in another terminal, while services run.
      if (/\bnpx uber\b(?! ps\b)/.test(line)) await this.stop();
      const command = start(realCommand(withRealPorts(line, this.#ports)), this.#project.root);
      typed.push(command);
      const exitCode = await endedOrReady(command);
      if (exitCode === 'ready') this.#running = command;
      const isLast = index === commandsOf(block).length - 1;
      if (exitCode !== 'ready' && exitCode !== (isLast ? wanted : 0))
        throw new Error(`${this.#place(block)}: "${line}" ended with ${exitCode}:\n${command.output}`);
    }
  }

  async #compare(block: DocBlock): Promise<void> {
    if (block.words.includes('after-stop')) await this.stop();
    const actual = this.#output();
    const isJson = block.language === 'json';
    const ports = matchOutput({ documented: block.content, actual, root: this.#root, isJson });
    if (ports === null)
      throw new Error(
        `${this.#place(block)}: the output differs.\n--- documented\n${block.content}--- real\n${actual}`,
      );
    this.#ports = new Map([...this.#ports, ...ports]);
  }

  #place({ line }: DocBlock): string {
    return `${this.#page}:${line}`;
  }
}

/** A page may show what only a newer Node knows: `sh min-node=24`. */
function isForThisNode({ attributes }: DocBlock): boolean {
  return Number.parseInt(process.versions.node, 10) >= Number(attributes['min-node'] ?? 0);
}

/** What a page means by `npx uber` is the command built here; curl shows no progress in a terminal either. */
function realCommand(line: string): string {
  const cli = `node '${join(REPOSITORY, 'dist', 'cli', 'main.js')}'`;
  return line.replace(/\bnpx uber\b/g, cli).replace(/\bcurl /g, 'curl --silent --show-error ');
}

/** In a process group of its own, so that Ctrl+C can be sent to all of it. */
function start(command: string, cwd: string): Typed {
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: readersEnv(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const typed: Typed = { child, ended, output: '' };
  const take = (text: string): void => {
    typed.output += text;
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  return typed;
}

function endedOrReady(typed: Typed): Promise<number | null | 'ready'> {
  const timer = setTimeout(() => signal(typed.child, 'SIGKILL'), LIMIT_MS);
  const ready = new Promise<'ready'>((resolve) => {
    // Behind the listener that keeps the output.
    typed.child.stdout?.on('data', () => READY.test(typed.output) && resolve('ready'));
  });
  return Promise.race([typed.ended, ready]).finally(() => clearTimeout(timer));
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // The group has ended by itself.
  }
}

/** The shell of somebody who has never heard of this repository, on the Node of this test. */
function readersEnv(): NodeJS.ProcessEnv {
  const { HOME, LANG, TMPDIR, PATH = '' } = process.env;
  return { HOME, LANG, TMPDIR, PATH: [dirname(process.execPath), PATH].join(delimiter) };
}
