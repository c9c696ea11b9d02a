// Makes the bundles of esbuild load modules of Node when they are needed, and no more of them than they need. Pure.
import { isBuiltin } from 'node:module';

/** Modules that most verbs never need, or not at once; to load them takes milliseconds. */
const LATE = ['assert', 'node:crypto', 'node:child_process', 'node:fs/promises', 'node:timers/promises'];

/**
 * Rewrites the imports of modules of Node. An `import` of one reads every member of it, and `node:fs` loads its streams
 * then: 5 ms at every start. There are no circles between the chunks of esbuild, so an assignment does the same.
 * @throws Error for code that it does not understand
 */
export function importBuiltinsCheaply(code: string): string {
  for (const [, name = ''] of code.matchAll(/\b__require\(["'](.+?)["']\)/g))
    if (!isBuiltin(name)) throw new Error(`"${name}" is required, and no module of Node: see the banner.`);
  const cheap = lateAssert(code).replace(
    /^import ([\w$]+|\{[^}]*\}) from "([\w:/]+)";$/gm,
    (line, names: string, name: string) => (isBuiltin(name) ? fromBuiltin(names, name) : line),
  );
  const missed = /^import .*from "(?:node:[^"]+|fs|path|util)";$/m.exec(cheap)?.[0];
  if (missed !== undefined) throw new Error(`This import is in no form that is known here: ${missed}`);
  return cheap;
}

/** A library that has it for what never happens pays 4 ms for it: it is loaded when it is called. */
function lateAssert(code: string): string {
  return code.replace(
    /\b([\w$]+) = __require\("node:assert"\)/g,
    (_found, own: string) => `${own} = (...args) => process.getBuiltinModule("node:assert")(...args)`,
  );
}

function fromBuiltin(names: string, name: string): string {
  const members = [...names.matchAll(/([\w$]+)(?: as ([\w$]+))?/g)];
  const isLate =
    LATE.includes(name) && names.startsWith('{') && members.every(([, member = '']) => isPlain(name, member));
  if (!isLate) return `const ${names.replace(/ as /g, ': ')} = process.getBuiltinModule("${name}");`;
  const calls = members.map(
    ([, member, own = member]) =>
      `${own} = (...args) => process.getBuiltinModule("${name}").${member}(...args)`,
  );
  // On as many lines as before: the source map counts them.
  return `const ${calls.join(', ')};${'\n'.repeat(names.split('\n').length - 1)}`;
}

/** True for a function that is only called, so that its module may be loaded at the first call. */
function isPlain(name: string, member: string): boolean {
  const value: unknown = Reflect.get(process.getBuiltinModule(name) ?? {}, member);
  return typeof value === 'function' && !String(value).startsWith('class ');
}
