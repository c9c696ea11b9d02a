// What the answers of Node's module resolution depend on: folders and files that must not have changed since. Pure.
import { dirname, join, resolve, sep } from 'node:path';

/**
 * Everything that decides where a specifier leads (https://nodejs.org/api/modules.html#all-together).
 * @param from the requiring file
 * @param to the file it leads to
 */
export function placesOf(from: string, specifier: string, to: string): string[] {
  const target = dirname(to);
  if (/^\.{0,2}\/|^\.{1,2}$|^[A-Za-z]:/.test(specifier)) {
    const asked = resolve(dirname(from), specifier);
    if (asked === to) return [dirname(asked), target];
    // A folder is entered through its package.json, which may lead to a file or folder further below.
    const entered = to.startsWith(asked + sep) ? [asked] : [];
    return [dirname(asked), target, join(asked, 'package.json'), ...entered];
  }
  const [scope = '', name = ''] = specifier.split('/');
  const [first] = specifier.startsWith('@') ? [join(scope, name)] : [scope];
  const places = packageFiles(to);
  for (const folder of lookupFolders(from)) {
    places.push(folder);
    if (specifier.startsWith('@')) places.push(join(folder, scope));
    if (to.startsWith(join(folder, first ?? ''))) return places;
  }
  // Through a link, of itself, or by `imports`: its own package.json has a say in it.
  return [...places, ...packageFiles(from)];
}

/** Every package.json that may belong to a file: up to the folder of its package, or of the disk. */
function packageFiles(path: string): string[] {
  const files: string[] = [];
  for (let at = dirname(path); !/[\\/]node_modules(?:[\\/]@[^\\/]+)?$/.test(at); at = dirname(at)) {
    files.push(join(at, 'package.json'));
    if (dirname(at) === at) break;
  }
  return files;
}

/** Every `node_modules` that Node looks through for a file, the nearest first. */
function lookupFolders(from: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(from); ; at = dirname(at)) {
    if (!/[\\/]node_modules$/.test(at)) folders.push(join(at, 'node_modules'));
    if (dirname(at) === at) return folders;
  }
}
