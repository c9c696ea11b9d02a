// Native addons among what a service depends on, and whether they can be loaded in a thread.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findInstalled, type PackageFile } from '../package-file.ts';

/** An addon that a thread cannot load. */
export interface UnfitAddon {
  readonly package: PackageFile;
  /** Absolute. */
  readonly path: string;
}

/** The addons of this platform in a package and all it depends on that cannot be loaded in a thread. */
export function findUnfitAddons(
  own: PackageFile,
  platform = process.platform,
  arch = process.arch,
): UnfitAddon[] {
  const found: UnfitAddon[] = [];
  for (const file of closureOf(own)) {
    if (file !== own && !mayHaveAddon(file)) continue;
    for (const path of addonFiles(file.dir))
      if (
        isForPlatform(join(file.name ?? '', relative(file.dir, path)), platform, arch) &&
        !isContextAware(readFileSync(path))
      )
        found.push({ package: file, path });
  }
  return found;
}

/**
 * Whether an addon can be loaded in several threads (Node.js documentation, "Context-aware addons"): it uses Node-API,
 * or it exports a function that Node calls for every context. One that only registers itself while it is loaded can be
 * loaded once in a process.
 */
function isContextAware(binary: Buffer): boolean {
  const has = (symbol: string): boolean => binary.includes(symbol);
  const isNodeApi = [
    'napi_register_module_v',
    'node_api_module_get_api_version_v',
    'napi_module_register',
  ].some(has);
  return isNodeApi || has('node_register_module_v') || !has('node_module_register');
}

/** A package and everything it needs, as it is installed. */
function closureOf(own: PackageFile): PackageFile[] {
  const seen = new Map([[own.dir, own]]);
  const waiting = [own];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const name of file.dependencies) {
      const found = findInstalled(name, file.dir);
      if (found === null) continue; // An optional package of another platform, or not installed.
      // What it needs is looked for where it really is.
      const real = { ...found, dir: realpathSync(found.dir) };
      if (seen.has(real.dir)) continue;
      seen.set(real.dir, real);
      waiting.push(real);
    }
  }
  return [...seen.values()];
}

/** Keeps the search from looking through every folder of a thousand packages. */
function mayHaveAddon({ dir, main, json }: PackageFile): boolean {
  if (main?.endsWith('.node') || 'gypfile' in json || 'binary' in json || 'napi' in json || 'cpu' in json)
    return true;
  return ['binding.gyp', 'prebuilds', 'build', 'bin', 'lib/binding'].some((name) =>
    existsSync(join(dir, name)),
  );
}

const DEEPEST = 5;

function addonFiles(folder: string, depth = 0): string[] {
  if (depth > DEEPEST) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(?:node_modules|obj|obj\.target|\.git|\.deps)$/.test(entry.name))
      return addonFiles(path, depth + 1);
    return entry.isFile() && entry.name.endsWith('.node') ? [path] : [];
  });
}

const PLATFORMS = ['linux', 'darwin', 'win32', 'android', 'freebsd', 'alpine', 'linuxmusl'];
const ARCHES = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64'];

/** Packages carry prebuilt addons for all platforms, in folders or files named by them. */
function isForPlatform(path: string, platform: string, arch: string): boolean {
  const words = path.split(/[/\\._+-]/);
  const named = (all: readonly string[]): string[] => all.filter((word) => words.includes(word));
  const platforms = named(PLATFORMS);
  const arches = named(ARCHES);
  return (
    (platforms.length === 0 || platforms.includes(platform)) && (arches.length === 0 || arches.includes(arch))
  );
}
