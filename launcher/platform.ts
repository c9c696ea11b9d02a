// Everything that differs by operating system, in one place. Only the Linux column can be tried in our CI; the
// others are written from the documentation of the tools they name.
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Loaded when needed: this file is part of what every service's thread loads. */
const files = () => process.getBuiltinModule('node:fs/promises');

/** A process that holds a port. */
export interface PortHolder {
  readonly pid: number;
  /** Short name of the program, or null where the system does not tell. */
  readonly program: string | null;
}

const FINDERS: Partial<Record<NodeJS.Platform, (port: number) => Promise<PortHolder | null>>> = {
  linux: findOnLinux,
  darwin: (port) => run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']).then(parseLsof),
  win32: (port) => run('netstat', ['-ano', '-p', 'tcp']).then((text) => parseNetstat(text, port)),
};

/** The process that listens on a TCP port, or null where that cannot be known (another user's, no tool). */
export async function findPortHolder(port: number, platform = process.platform): Promise<PortHolder | null> {
  return (await FINDERS[platform]?.(port).catch(() => null)) ?? null;
}

/** The command a person types to remove a folder with all that is in it. */
export function removalCommand(path: string, platform = process.platform): string {
  const quoted = /[^\w./\\:-]/.test(path) ? `"${path}"` : path;
  return platform === 'win32' ? `rmdir /s /q ${quoted.replaceAll('/', '\\')}` : `rm -rf ${quoted}`;
}

/** Reads the output of `lsof -Fpc`: one field a line, its kind in the first letter. */
export function parseLsof(text: string): PortHolder | null {
  const pid = /^p(\d+)$/m.exec(text)?.[1];
  return pid === undefined ? null : { pid: Number(pid), program: /^c(.+)$/m.exec(text)?.[1] ?? null };
}

/** Reads the output of Windows' `netstat -ano`: protocol, local address, foreign address, state, pid. */
export function parseNetstat(text: string, port: number): PortHolder | null {
  for (const line of text.split('\n')) {
    const [, local, , state, pid] = line.trim().split(/\s+/);
    if (state === 'LISTENING' && local?.endsWith(`:${port}`)) return { pid: Number(pid), program: null };
  }
  return null;
}

/** Linux, proc(5): /proc/net/tcp names the socket's inode, /proc/<pid>/fd the process that has it open. */
async function findOnLinux(port: number): Promise<PortHolder | null> {
  const { readdir, readlink } = files();
  const inode = await findListeningInode(port);
  if (inode === null) return null;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (target !== `socket:[${inode}]`) continue;
      return { pid: Number(pid), program: await programOf(pid) };
    }
  }
  return null;
}

/** Program and script, as in `node server.js`: the name alone says "node", or the name of its main thread. */
async function programOf(pid: string): Promise<string | null> {
  const [program, script] = (
    await files()
      .readFile(`/proc/${pid}/cmdline`, 'utf8')
      .catch(() => '')
  ).split('\0');
  if (program === undefined || program === '') return null;
  const isScript = script !== undefined && script !== '' && !script.startsWith('-');
  return isScript ? `${basename(program)} ${basename(script)}` : basename(program);
}

async function findListeningInode(port: number): Promise<string | null> {
  const LISTEN = '0A';
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await files()
      .readFile(table, 'utf8')
      .catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const isOurs = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16) === port && columns[3] === LISTEN;
      if (isOurs) return columns[9] ?? null;
    }
  }
  return null;
}

function run(command: string, args: readonly string[]): Promise<string> {
  const { execFile } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: 2000, windowsHide: true }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

/** Longest path of a Unix socket in bytes: 104 on macOS, 108 on Linux, each with a zero at the end (unix(4), unix(7)). */
const LONGEST_SOCKET_PATH = 103;

/** Where the socket of a service is put. */
export interface SocketHome {
  readonly dataDir: string;
  /** Tells the service and its run apart from all others of the machine; short. */
  readonly label: string;
  /** How many the service has already. */
  readonly count: number;
}

/**
 * The path for a Unix socket or named pipe in place of the one a service asks for. Names that are no files (Windows'
 * `\\\\.\\pipe\\`, Linux' abstract sockets) stay what they are and get a name of their own.
 */
export function movedSocketPath(
  asked: string,
  { dataDir, label, count }: SocketHome,
  platform = process.platform,
): string {
  if (platform === 'win32' || asked.startsWith('\0')) return `${asked}-${label}`;
  const name = count === 0 ? basename(asked) : `${count}-${basename(asked)}`;
  const path = join(dataDir, name);
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  return join(tmpdir(), `uber-${label}-${count}.sock`);
}

/**
 * Where a run listens for those who control it: a Unix socket in its folder, or when that path would be too long in a
 * folder of its own below the temporary one; a named pipe on Windows.
 */
export function controlAddress(folder: string, runId: string, platform = process.platform): string {
  if (platform === 'win32') return `\\\\.\\pipe\\uber-${runId}`;
  const path = join(folder, '_control.sock');
  return Buffer.byteLength(path) <= LONGEST_SOCKET_PATH ? path : join(socketFolder(runId), 'control');
}

/** The folder of a run below the temporary one, for its control socket; made only when it is needed. */
export function socketFolder(runId: string): string {
  return join(tmpdir(), `uber-${runId}`);
}

/** True when a Unix socket is a file, which stays behind when its owner does not close it. */
export function isSocketFile(path: string, platform = process.platform): boolean {
  return platform !== 'win32' && !path.startsWith('\0');
}

/**
 * How a child process is started so that it can be ended together with all that it has started: on POSIX as the leader
 * of a process group (setsid(2)), which also keeps a Ctrl+C of the terminal for the launcher; Windows knows no such
 * groups, and a detached child would get a window of its own.
 */
export const OWN_GROUP: { readonly detached: boolean } = { detached: process.platform !== 'win32' };

/** Ends a process started with {@link OWN_GROUP} and what it has started. One that is gone already is no error. */
export function killGroup(pid: number, platform = process.platform): void {
  if (platform === 'win32') {
    // taskkill: /T ends the children too, /F does not ask.
    process
      .getBuiltinModule('node:child_process')
      .execFile('taskkill', ['/PID', String(pid), '/T', '/F'], () => undefined);
    return;
  }
  signalGroup(pid, 'SIGKILL');
}

/** Sends a signal to a process started with {@link OWN_GROUP}, and where there are groups to what it has started. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(OWN_GROUP.detached ? -pid : pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // macOS says EPERM for a group of which only the dead are left.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
