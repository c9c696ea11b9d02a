// The folder of Node's compile cache: Node makes it with the rights that the umask leaves, we make it before.
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { makePrivateFolder } from './private-files.ts';
import { quietly } from './quietly.ts';

/**
 * Makes the folder that this process will keep compiled code in, for its user alone. Nothing comes of it where that is
 * not possible: then Node keeps nothing either.
 * @param folder what `module.enableCompileCache` is given
 */
export function prepareNodeCache(folder: string): void {
  // As Node calls it (src/compile_cache.cc, GetCacheVersionTag): version, processor, V8 with its flags, user.
  const tag = (cachedDataVersionTag() >>> 0).toString(16).padStart(8, '0');
  const user = process.getuid === undefined ? '' : `-${process.getuid()}`;
  quietly(() => makePrivateFolder(join(folder, `${process.version}-${process.arch}-${tag}${user}`)));
}
