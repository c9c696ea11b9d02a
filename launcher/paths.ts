// Where a path really leads, and whether that is inside of what was allowed.
import fs from 'node:fs';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';

/** Ours, whatever is put in its place later. It looks at each part of a path, which Node's permissions let pass. */
const { readlinkSync, realpathSync } = fs;

/** As many links in a row as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** True when a path is one of these, or below one of them. Both sides absolute, without `..`. */
export function covers(allowed: readonly string[], path: string): boolean {
  return allowed.some(
    (base) => path === base || path.startsWith(base.endsWith(sep) ? base : `${base}${sep}`),
  );
}

/**
 * The path with all links followed. Of what does not exist yet the nearest folder that does is followed.
 * @param path absolute
 */
export function realPathOf(path: string): string {
  const { root } = parse(path);
  const parts = path.slice(root.length).split(sep === '/' ? '/' : /[\\/]/);
  // A `..` behind a link leads to the parent of what is linked: each part must be followed before the next.
  if (parts.includes('..')) {
    return parts.reduce((at, part) => (part === '..' ? dirname(at) : nearest(join(at, part))), root);
  }
  return nearest(join(path));
}

/** The same, but when the path itself is a link, it is not followed: for calls that work on the link. */
export function realLinkOf(path: string): string {
  const name = basename(path);
  // With a slash at its end a link is followed; `.` and `..` are folders.
  if (path.endsWith(sep) || name === '.' || name === '..' || dirname(path) === path) return realPathOf(path);
  return join(realPathOf(dirname(path)), name);
}

function nearest(path: string, links = 0): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there yet, or not for us to see. What a link leads to need not be there for a file to be made by it.
    const target = links < MOST_LINKS ? targetOf(path) : null;
    if (target !== null) return nearest(target, links + 1);
    const parent = dirname(path);
    return parent === path ? path : join(nearest(parent, links), basename(path));
  }
}

function targetOf(path: string): string | null {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return null; // No link.
  }
}
