// Commands that run the script of a package: npm, yarn, pnpm. Pure.
import { splitOption } from './option-words.ts';

/** A script of a package that a command runs. */
export interface ScriptCall {
  /** Name of the script; `*` stands for any text. */
  readonly script: string;
  /** Name or folder of the package, or null for the one it stands in. */
  readonly of: string | null;
  readonly args: readonly string[];
}

/** Reads `npm run x`, `yarn workspace a x`, `pnpm --filter a x` and their like; null for anything else. */
export function readScriptCall(words: readonly string[]): ScriptCall | null {
  const [manager = ''] = words;
  if (manager === 'node' && words[1] === '--run' && words[2] !== undefined)
    return { script: words[2], of: null, args: words.slice(3) };
  if (!/^(?:npm|yarn|pnpm|bun)$/.test(manager)) return null;
  let of: string | null = null;
  const plain: string[] = [];
  let index = 1;
  for (; index < words.length && words[index] !== '--'; index += 1) {
    const word = words[index] ?? '';
    const [name = '', inline] = splitOption(word);
    if (
      /^(?:--prefix|-C|--dir|--cwd|-w|--workspace|--filter|-F)$/.test(name) &&
      !(manager === 'pnpm' && name === '-w')
    ) {
      of = inline ?? words[index + 1] ?? null;
      if (inline === undefined) index += 1;
    } else if (!word.startsWith('-') || plain.length > 1) plain.push(word);
  }
  if (plain[0] === 'workspace' && plain[1] !== undefined) {
    of = plain[1];
    plain.splice(0, 2);
  }
  const hasRun = /^(?:run|run-script)$/.test(plain[0] ?? '');
  const [script, ...behind] = hasRun ? plain.slice(1) : plain;
  const isShort = manager === 'npm' ? /^(?:start|test)$/.test(script ?? '') : true;
  if (script === undefined || (!hasRun && !isShort) || /^(?:exec|dlx|install|i|ci|x|add)$/.test(script))
    return null;
  return { script, of: of === null ? null : cleanPackage(of), args: [...behind, ...words.slice(index + 1)] };
}

/** pnpm takes `./apps/web` and `web...` too. */
function cleanPackage(text: string): string {
  return text
    .replace(/^\.\//, '')
    .replace(/\.{3}$/, '')
    .replace(/\/$/, '');
}
