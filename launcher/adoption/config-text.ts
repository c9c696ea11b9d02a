// A configuration -> the text of `uber.config.ts` or `uber.config.json`. Pure.
import type { UberConfigFile } from '../options.ts';

/** How the file is to look. */
export interface TextOptions {
  readonly format: 'module' | 'json';
  /** True when `uberservice` is installed in the repository: its types and its schema can be named. */
  readonly hasPackage: boolean;
  /** Name of a service -> a comment above it. */
  readonly comments: ReadonlyMap<string, string>;
}

/** A name may hold a line break: what follows it must not become code. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** Longest line that is not broken. */
const WIDTH = 100;

/** The text of the file. */
export function configText(file: UberConfigFile, { format, hasPackage, comments }: TextOptions): string {
  if (format === 'json') {
    const schema = hasPackage ? { $schema: './node_modules/uberservice/dist/uber.schema.json' } : {};
    return `${JSON.stringify({ ...schema, ...file }, null, 2)}\n`;
  }
  const services = Object.entries(file.services ?? {}).map(([name, value]) => {
    const comment = comments.get(name);
    const line = `    ${entryText(name, value, 4)}`;
    return comment === undefined ? line : `    // ${oneLine(comment)}\n${line}`;
  });
  const body = `{\n  services: {\n${services.join('')}  },\n}`;
  return hasPackage
    ? `import { defineConfig } from 'uberservice';\n\nexport default defineConfig(${body});\n`
    : `export default ${body};\n`;
}

function entryText(key: string, value: unknown, indent: number): string {
  const head = `${keyText(key)}: `;
  return `${head}${valueText(value, indent, head.length)},\n`;
}

/** @param head how many characters stand before the value in its line, beside the indentation */
function valueText(value: unknown, indent: number, head: number): string {
  const short = inline(value);
  const isShort = indent + head + short.length < WIDTH;
  if (isShort || typeof value !== 'object' || value === null) return short;
  const pad = ' '.repeat(indent + 2);
  const items = Array.isArray(value)
    ? value.map((item) => `${pad}${valueText(item, indent + 2, 0)},\n`)
    : Object.entries(value).map(([key, item]) => `${pad}${entryText(key, item, indent + 2)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join('')}${' '.repeat(indent)}${close}`;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${keyText(key)}: ${inline(item)}`)
      .join(', ')} }`;
  return typeof value === 'string' ? quote(value) : String(value);
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function quote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}
