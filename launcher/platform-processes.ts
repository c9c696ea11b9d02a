// What differs by operating system about processes that are not ours any more: whether one still is who it was, and
// which ones a run has left. Only the Linux column can be tried in our CI; the others are written from the
// documentation of the tools they name.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { quietly } from './quietly.ts';

/** Tells a process apart from all others, also from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it was known to live, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** Hash of the machine's name and its operating system: a folder may be shared with a virtual machine or container. */
  readonly host: string;
  /** Linux: where its number means something, and when it began there; null elsewhere. */
  readonly linux: LinuxMark | null;
}

/** Short texts of letters and digits: they are also part of a file name. */
interface LinuxMark {
  /** Changes with every boot of the machine. */
  readonly boot: string;
  /** Its namespace of process numbers: that of a container is its own. */
  readonly space: string;
  /** Start in clock ticks since the boot. */
  readonly ticks: string;
}

/** The mark of this process. */
export function ownMark(nowMs: number): ProcessMark {
  const linux = process.platform === 'linux' ? linuxMark() : null;
  return { pid: process.pid, startedMs: nowMs, host: ownHost(), linux };
}

function ownHost(): string {
  return createHash('sha256').update(`${process.platform} ${hostname()}`).digest('hex').slice(0, 8);
}

function linuxMark(): LinuxMark | null {
  return quietly(() => {
    const ticks = parseStatTicks(readFileSync('/proc/self/stat', 'utf8'));
    return ticks === null ? null : { ...linuxPlace(), ticks };
  });
}

function linuxPlace(): Omit<LinuxMark, 'ticks'> {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8),
    space: readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''),
  };
}

/** The mark as a part of a file name: letters, digits and hyphens. */
export function markText({ pid, startedMs, host, linux }: ProcessMark): string {
  const { boot, space, ticks } = linux ?? { boot: 0, space: 0, ticks: 0 };
  return [pid, startedMs.toString(36), host, boot, space, ticks].join('-');
}

/** Reads what {@link markText} has written; null for anything else. */
export function parseMarkText(text: string): ProcessMark | null {
  const match = /^(\d+)-([0-9a-z]+)-([0-9a-f]+)-([0-9a-f]+)-(\d+)-(\d+)$/.exec(text);
  if (match === null) return null;
  const [, pid = '', started = '', host = '', boot = '', space = '', ticks = ''] = match;
  const linux = space === '0' ? null : { boot, space, ticks };
  return { pid: Number(pid), startedMs: Number.parseInt(started, 36), host, linux };
}

/**
 * True when a process has surely ended. What cannot be known counts as alive: one on another machine or in another
 * container, and one whose number lives where its start cannot be read.
 */
export async function isSurelyDead(mark: ProcessMark): Promise<boolean> {
  // Its number means nothing elsewhere.
  if (mark.host !== ownHost()) return false;
  if (mark.linux !== null) return isDeadOnLinux(mark.pid, mark.linux);
  if (!isPidAlive(mark.pid)) return true;
  const beganMs = await (BEGINNINGS[process.platform]?.(mark.pid) ?? Promise.resolve(null)).catch(() => null);
  // The number was given to another process: that one began after the run. The tools answer in whole seconds.
  return beganMs !== null && beganMs > mark.startedMs + 2000;
}

function isDeadOnLinux(pid: number, { boot, space, ticks }: LinuxMark): boolean {
  const here = quietly(linuxPlace);
  if (here === null) return false;
  if (boot !== here.boot) return true;
  if (space !== here.space) return false;
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return !isPidAlive(pid);
  const now = parseStatTicks(stat);
  // A zombie has ended: only its parent has not asked how.
  return (now !== null && now !== ticks) || /^[ZX]/.test(afterName(stat));
}

/** Signal 0 only asks. "Not allowed" means that there is such a process, of another user. */
function isPidAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began, in milliseconds since the epoch. */
const BEGINNINGS: Partial<Record<NodeJS.Platform, (pid: number) => Promise<number | null>>> = {
  linux: async () => null,
  // ps(1) of macOS: lstart is the exact time it was started.
  darwin: (pid) => run('ps', ['-o', 'lstart=', '-p', String(pid)], { LC_ALL: 'C' }).then(parseLstart),
  // Get-Process: StartTime is a DateTime; "o" writes it as ISO 8601.
  win32: (pid) =>
    run('powershell.exe', [
      ...['-NoProfile', '-NonInteractive', '-Command'],
      `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`,
    ]).then(parseIsoTime),
};

/** Field 22 of /proc/<pid>/stat, proc(5): start in clock ticks since the boot. The name before it may hold anything. */
export function parseStatTicks(text: string): string | null {
  const ticks = afterName(text).split(' ')[19];
  return ticks !== undefined && /^\d+$/.test(ticks) ? ticks : null;
}

function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2);
}

/** `ps -o lstart=`: `Tue Nov 21 12:03:11 2023`, in local time. */
export function parseLstart(text: string): number | null {
  const timeMs = Date.parse(text.trim());
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** What PowerShell writes for the format "o": `2023-11-21T12:03:11.1234567Z`. */
export function parseIsoTime(text: string): number | null {
  const timeMs = Date.parse(text.trim().replace(/(\.\d{3})\d*/, '$1'));
  return Number.isNaN(timeMs) ? null : timeMs;
}

/**
 * Processes of this user that carry `UBER_RUN_ID=<run>` in the environment they were started with. On Windows there is
 * no such question; there children end with their launcher (see `GUARDIAN`).
 */
export async function processesOfRun(runId: string): Promise<number[]> {
  if (process.platform === 'linux') return processesOnLinux(`UBER_RUN_ID=${runId}`);
  if (process.platform !== 'darwin') return [];
  // ps(1) of macOS: -E shows the environment behind the command, -ww does not cut it off.
  const text = await run('ps', ['-axEww', '-o', 'pid=,uid=,command=']).catch(() => '');
  return parseProcessList(text, runId, process.getuid?.() ?? -1);
}

function processesOnLinux(variable: string): number[] {
  const uid = process.getuid?.();
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const found = quietly(
      () =>
        statSync(`/proc/${name}`).uid === uid &&
        readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(variable),
    );
    return found === true ? [Number(name)] : [];
  });
}

/** Reads `ps -axEww -o pid=,uid=,command=`: a process a line, its environment behind its command. */
export function parseProcessList(text: string, runId: string, uid: number): number[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, owner, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const isOfRun = command.split(' ').includes(`UBER_RUN_ID=${runId}`);
    return pid !== undefined && Number(owner) === uid && isOfRun ? [Number(pid)] : [];
  });
}

/**
 * A shell that ends process groups when its input ends, which is when the launcher has ended in whatever way. It reads
 * `+<pid>` and `-<pid>`, a line each. Null on Windows: there libuv puts each child that is not detached into a job
 * object that ends with its parent (JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, `uv__init_global_job_handle` in libuv's
 * src/win/process.c).
 */
export const GUARDIAN: { readonly command: string; readonly args: readonly string[] } | null =
  process.platform === 'win32'
    ? null
    : { command: '/bin/sh', args: ['-c', guardianScript(), 'uber-guardian'] };

/** POSIX sh. Not `kill -9 -- -1`: dash knows no `--` there. */
function guardianScript(): string {
  return [
    "trap '' INT TERM HUP QUIT",
    "left=' '",
    'while read -r line; do',
    '  pid=${line#?}',
    '  case $line in',
    '    +*) left="$left$pid ";;',
    '    -*) case $left in *" $pid "*) left="${left%%" $pid "*} ${left#*" $pid "}";; esac;;',
    '  esac',
    'done',
    'for pid in $left; do kill -9 "-$pid" 2>/dev/null; done',
  ].join('\n');
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const options = {
    timeout: 5000,
    windowsHide: true,
    maxBuffer: 64 * 1024 ** 2,
    env: { ...process.env, ...env },
  };
  return new Promise((resolve, reject) => {
    execFile(command, [...args], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}
