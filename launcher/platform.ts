// Everything that differs by operating system, in one place. Only the Linux column can be tried in our CI; the
// others are written from the documentation of the tools they name.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

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
  const [program, script] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  if (program === undefined || program === '') return null;
  const isScript = script !== undefined && script !== '' && !script.startsWith('-');
  return isScript ? `${basename(program)} ${basename(script)}` : basename(program);
}

async function findListeningInode(port: number): Promise<string | null> {
  const LISTEN = '0A';
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const isOurs = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16) === port && columns[3] === LISTEN;
      if (isOurs) return columns[9] ?? null;
    }
  }
  return null;
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: 2000, windowsHide: true }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}
