// The functions of `fs` refuse a path outside of what a service may read or write; links are followed before.
import fs from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { covers, realLinkOf, realPathOf } from '../paths.ts';
import type { Permissions } from '../types.ts';
import type { Refusals } from './refusals.ts';
import { replaceMethod } from './replace.ts';

/** What a call does with the path at a place of its arguments. */
interface Use {
  readonly at: number;
  readonly access: 'read' | 'write' | ((args: readonly unknown[]) => 'read' | 'write');
  /** True when a link itself is meant, not what it leads to. */
  readonly isLink?: boolean;
}

const READS: readonly Use[] = [{ at: 0, access: 'read' }];
const WRITES: readonly Use[] = [{ at: 0, access: 'write' }];
const READS_LINK: readonly Use[] = [{ at: 0, access: 'read', isLink: true }];
const WRITES_LINK: readonly Use[] = [{ at: 0, access: 'write', isLink: true }];
const COPIES: readonly Use[] = [
  { at: 0, access: 'read' },
  { at: 1, access: 'write' },
];

/** Name -> what it does; each with its `Sync` form and the one of `fs.promises` where there is one. */
const USES: Readonly<Record<string, readonly Use[]>> = {
  ...everyOf(['access', 'exists', 'openAsBlob', 'opendir', 'readdir', 'realpath', 'stat', 'statfs'], READS),
  ...everyOf(['watch', 'watchFile'], READS),
  ...everyOf(['lstat', 'readlink'], READS_LINK),
  ...everyOf(['appendFile', 'chmod', 'chown', 'mkdir', 'truncate', 'utimes', 'writeFile'], WRITES),
  ...everyOf(
    ['lchmod', 'lchown', 'lutimes', 'mkdtemp', 'mkdtempDisposable', 'rm', 'rmdir', 'unlink'],
    WRITES_LINK,
  ),
  readFile: [{ at: 0, access: (args) => accessOf((args[1] as { flag?: unknown } | null | undefined)?.flag) }],
  open: [{ at: 0, access: (args) => accessOf(args[1]) }],
  ...everyOf(['copyFile', 'cp'], COPIES),
  rename: [...WRITES_LINK, { at: 1, access: 'write', isLink: true }],
  // By another name it could be written.
  link: [...WRITES, { at: 1, access: 'write', isLink: true }],
  symlink: [{ at: 1, access: 'write', isLink: true }],
};

/** Those that have a callback which is no answer, and would never be called with an error. */
const THROWS: ReadonlySet<string> = new Set(['watch', 'watchFile', 'unwatchFile']);

/** Puts the guard around the functions. */
export function guardFiles(permissions: Permissions, refusals: Refusals): void {
  const check = makeCheck(permissions, refusals);
  for (const [name, uses] of Object.entries(USES)) {
    guard(fs, `${name}Sync`, uses, check, throwIt);
    guard(fs, name, uses, check, name === 'openAsBlob' ? reject : callBack(name));
    guard(fs.promises, name, uses, check, name === 'watch' ? throwIt : reject);
  }
  guard(fs.realpathSync, 'native', READS, check, throwIt);
  guard(fs.realpath, 'native', READS, check, callBack('native'));
  guard(process, 'loadEnvFile', [{ at: 0, access: 'read' }], check, throwIt);
}

type Check = (uses: readonly Use[], args: readonly unknown[]) => Error | null;
type Answer = (error: Error, args: readonly unknown[]) => unknown;

function makeCheck({ read, write }: Permissions, refusals: Refusals): Check {
  return (uses, args) => {
    for (const { at, access, isLink } of uses) {
      const path = pathOf(args[at]);
      if (path === null) continue; // A descriptor, or a mistake for Node to judge.
      const key = typeof access === 'string' ? access : access(args);
      const real = isLink === true ? realLinkOf(path) : realPathOf(path);
      if (covers(key === 'read' ? read : write, real)) continue;
      return refusals.refuse(key === 'read' ? 'FileSystemRead' : 'FileSystemWrite', path, key);
    }
    return null;
  };
}

function guard(owner: object, name: string, uses: readonly Use[], check: Check, answer: Answer): void {
  replaceMethod(
    owner,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const error = check(uses, args);
        if (error === null) return Reflect.apply(original, this, args);
        // It never throws: to the service there is nothing.
        return name === 'existsSync' ? false : answer(error, args);
      },
  );
}

const throwIt: Answer = (error) => {
  throw error;
};

const reject: Answer = (error) => Promise.reject(error);

function callBack(name: string): Answer {
  return (error, args) => {
    const done = args.at(-1);
    if (typeof done !== 'function' || THROWS.has(name)) throw error;
    process.nextTick(done as (answer: unknown) => void, name === 'exists' ? false : error);
    return undefined;
  };
}

function pathOf(value: unknown): string | null {
  const text = value instanceof URL ? pathOfUrl(value) : value;
  const path = text instanceof Uint8Array ? Buffer.from(text).toString('utf8') : text;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) return null;
  // Only put together: `resolve` would take `link/..` for the folder of the link.
  return isAbsolute(path) ? path : process.cwd() + sep + path;
}

function pathOfUrl(url: URL): string | null {
  try {
    return fileURLToPath(url);
  } catch {
    return null; // Node says what is wrong with it.
  }
}

/** What flags of `open` are for, as text or as a number. */
function accessOf(flags: unknown): 'read' | 'write' {
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  if (typeof flags === 'number')
    return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) === 0 ? 'read' : 'write';
  return flags === undefined || flags === null || ['r', 'rs', 'sr'].includes(String(flags))
    ? 'read'
    : 'write';
}

function everyOf(names: readonly string[], uses: readonly Use[]): Record<string, readonly Use[]> {
  return Object.fromEntries(names.map((name) => [name, uses]));
}
