// Where uber keeps what it writes for a project: `.uber` in its root. A checkout that cannot be written to has it below
// the temporary folder, for this user only.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UberError } from '../errors.ts';
import { makePrivateFolder, writePrivateFile } from '../private-files.ts';
import { quietly } from '../quietly.ts';

/**
 * The folder for runs and cache of a project. Nothing is made.
 * @param root of the project
 * @throws UberError `DATA_DIR_FAILED` when the folder in its place belongs to somebody else
 */
export function stateFolder(root: string): string {
  const own = join(root, '.uber');
  if (isWritable(existsSync(own) ? own : root)) return own;
  const folder = folderOfUser();
  assertOwn(folder);
  return join(folder, hashOf(quietly(() => realpathSync(root)) ?? root));
}

/**
 * The same folder, made.
 * @throws UberError `DATA_DIR_FAILED`, and what the system says when it cannot be made
 */
export function makeStateFolder(root: string): string {
  const folder = stateFolder(root);
  if (folder !== join(root, '.uber')) {
    makePrivateFolder(folderOfUser());
    // Again: somebody else may have been faster than we.
    assertOwn(folderOfUser());
  }
  makePrivateFolder(folder);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) writePrivateFile(ignore, '*\n');
  return folder;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    // Anything else is told when the run is made.
    return !['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** One for each user: the temporary folder itself may belong to all of them. */
function folderOfUser(): string {
  const { uid, username } = userInfo();
  return join(tmpdir(), `uber-state-${uid === -1 ? hashOf(username) : uid}`);
}

/** Everybody may make things in a temporary folder: a link there, or a folder of another, is a trap. */
function assertOwn(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const uid = process.getuid?.();
  if (stats === undefined) return;
  const isOwn = uid === undefined || (stats.uid === uid && (stats.mode & 0o077) === 0);
  if (stats.isDirectory() && isOwn) return;
  throw new UberError('DATA_DIR_FAILED', `${path} is not a folder that only you can use.`, {
    hint: `The project cannot be written to, so uber would keep its files there. Remove ${path}, or set TMPDIR.`,
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
