// Relative paths of a service start in its own folder. The system's working directory belongs to the whole process, so
// each function of `fs` that takes a path is given an absolute one.
import fs from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import { replaceMethod } from './replace.ts';
import { currentScope } from './scope.ts';

/** Functions whose first argument is a path, each with its `Sync` form and the one of `fs.promises` where there is one. */
const FIRST = [
  ...['access', 'appendFile', 'chmod', 'chown', 'exists', 'lchmod', 'lchown', 'lstat', 'lutimes', 'mkdir'],
  ...['mkdtemp', 'mkdtempDisposable', 'open', 'openAsBlob', 'opendir', 'readFile', 'readdir', 'readlink'],
  ...['realpath', 'rm', 'rmdir', 'stat', 'statfs', 'truncate', 'unlink', 'unwatchFile', 'utimes', 'watch'],
  ...['watchFile', 'writeFile'],
];
const FIRST_AND_SECOND = ['copyFile', 'cp', 'link', 'rename'];
/** The target of a link is meant from where the link is. */
const SECOND = ['symlink'];

let isDone = false;

/** Replaces the functions. The streams open their files through them. */
export function resolvePathsInScope(): void {
  if (isDone) return;
  isDone = true;
  replaceAll(FIRST, [0]);
  replaceAll(FIRST_AND_SECOND, [0, 1]);
  replaceAll(SECOND, [1]);
  replaceIn(fs.realpath, 'native', [0]);
  replaceIn(fs.realpathSync, 'native', [0]);
  replaceMethod(
    process,
    'loadEnvFile',
    (original) =>
      function (this: unknown, path: unknown): unknown {
        return Reflect.apply(original, process, [inScope(path ?? '.env')]);
      },
  );
}

function replaceAll(names: readonly string[], positions: readonly number[]): void {
  for (const name of names) {
    replaceIn(fs, name, positions);
    replaceIn(fs, `${name}Sync`, positions);
    replaceIn(fs.promises, name, positions);
  }
}

function replaceIn(owner: object, name: string, positions: readonly number[]): void {
  replaceMethod(
    owner,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        for (const position of positions) args[position] = inScope(args[position]);
        return Reflect.apply(original, this, args);
      },
  );
}

/** The path as the system is to be given it; anything but a path is left for Node to judge. */
function inScope(path: unknown): unknown {
  if (typeof path === 'string') {
    const { start, movedSockets } = currentScope();
    const wanted = absolute(path, start.cwd);
    return movedSockets.size === 0 ? wanted : (movedSockets.get(wanted) ?? wanted);
  }
  // A path as bytes: rare, and made only where a name is not valid text.
  if (path instanceof Uint8Array && path.length > 0 && !isAbsolute(Buffer.from(path).toString('latin1')))
    return Buffer.concat([Buffer.from(currentScope().start.cwd + sep), path]);
  return path;
}

/**
 * Only put together: a `..` behind a link and a slash at the end mean the same to the system as they did before. What
 * begins with a zero is no file but the name of an abstract socket.
 */
export function absolute(path: string, folder: string): string {
  return path === '' || path.startsWith('\0') || isAbsolute(path) ? path : folder + sep + path;
}
