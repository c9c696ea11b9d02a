// Which files are CommonJS modules that need nothing but `require`; asked only where no earlier thread has loaded them.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const types = new Map<string, boolean>();

/** True for what Node compiles as CommonJS at first: it may still turn out to be an ES module. */
export function isCommonJsFile(filename: string): boolean {
  if (filename.endsWith('.cjs')) return true;
  return filename.endsWith('.js') && !isModuleFolder(dirname(filename));
}

/** By the nearest package.json, as Node looks for it (https://nodejs.org/api/packages.html#type). */
function isModuleFolder(folder: string): boolean {
  const known = types.get(folder);
  if (known !== undefined) return known;
  const isModule = readType(folder);
  types.set(folder, isModule);
  return isModule;
}

function readType(folder: string): boolean {
  try {
    const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown };
    return type === 'module';
  } catch {
    const above = dirname(folder);
    // Packages do not take their type from the project they are installed in.
    return above !== folder && !/[\\/]node_modules$/.test(above) && isModuleFolder(above);
  }
}

/** What stands before on the line: it begins as a comment does, or opens a type (`/** @type {`). */
const IN_COMMENT = /^\s*(?:\*\s|\/\/|\/\*(?!.*\*\/))|\/\*\*\s*@\w+\s*\{[^}'"`]*$/;

/**
 * True for a source that may call `import()`. It is also true for some that only have it in a text; types in comments,
 * which are frequent, are told apart by the beginning of their line.
 */
export function callsImport(source: string): boolean {
  for (const { index } of source.matchAll(/\bimport\s*(?:\/[*/]|\()/g)) {
    const line = source.slice(source.lastIndexOf('\n', index) + 1, index);
    if (!IN_COMMENT.test(line)) return true;
  }
  return false;
}
