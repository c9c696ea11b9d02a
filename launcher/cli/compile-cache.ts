// Keeps what V8 has made of the launcher's own code, for its next start. Loaded on any Node, so it imports nothing.

/**
 * Lets Node keep compiled code in `.uber/cache/launcher` of this package, in a folder that only this user can write to:
 * who can write there can run code as this user. Where that is not possible, nothing is kept. Node itself finds out what
 * is stale or damaged, and writes whole files, so two launchers may do this at once.
 */
export function keepCompiledCode(): void {
  // The reader of the coverage counts what is compiled; and who has named a place of their own wants that one.
  if (process.env.NODE_V8_COVERAGE !== undefined || process.env.NODE_COMPILE_CACHE !== undefined) return;
  const { lstatSync, mkdirSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const folder = join(import.meta.dirname, '..', '..', '.uber', 'cache', 'launcher');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    const isPrivate = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    if (isPrivate) process.getBuiltinModule('node:module').enableCompileCache(folder);
  } catch {
    // Installed for all users, or on a disk that cannot be written to.
  }
}
