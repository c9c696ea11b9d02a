// Reads `uber.config.*`: JSON is parsed, the others are imported (Node strips the types of TypeScript itself).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UberError } from '../errors.ts';
import { parseJsonFile } from '../json-file.ts';
import type { UberConfigFile } from '../options.ts';
import { checkConfig } from './check-config.ts';

/**
 * Loads and checks a configuration file.
 * @param path absolute
 * @throws UberError `CONFIG_UNREADABLE` or `CONFIG_INVALID`
 */
export async function loadConfigFile(path: string): Promise<UberConfigFile> {
  const name = basename(path);
  const text = read(path);
  const value = extname(path) === '.json' ? parseJsonFile(text, path) : await importDefault(path, text);
  if (value === undefined) {
    throw new UberError('CONFIG_INVALID', `${name} has no default export.`, {
      hint: 'Write: export default defineConfig({ services: { ... } })',
    });
  }
  return checkConfig(value, name);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UberError('CONFIG_UNREADABLE', `Cannot read the configuration ${path}: ${reason}.`, { cause });
  }
}

async function importDefault(path: string, text: string): Promise<unknown> {
  const restore = silenceWarnings();
  try {
    // The hash makes a changed file a new module: a second run in the same process must see the change.
    const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
    const module: { default?: unknown } = await import(`${pathToFileURL(path).href}?uber=${version}`);
    return module.default;
  } catch (cause) {
    throw await importError(path, text, cause);
  } finally {
    restore();
  }
}

async function importError(path: string, text: string, cause: unknown): Promise<UberError> {
  const error: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error(String(cause));
  if (error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return new UberError('CONFIG_INVALID', `${path}: ${error.message.split('\n').at(-1)}.`, {
      hint: 'In the configuration only types that can be erased work: no enum, no namespace, no parameter property.',
      cause,
    });
  }
  if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'uberservice'")) {
    return new UberError(
      'CONFIG_INVALID',
      `${path} imports "uberservice", which is not installed in this project.`,
      {
        hint: 'Run: npm install --save-dev uberservice (or export a plain object without defineConfig)',
        cause,
      },
    );
  }
  if (error instanceof SyntaxError && error.message.includes('outside a module')) {
    return new UberError(
      'CONFIG_INVALID',
      `${path} is an ES module, but its package.json says "type": "commonjs".`,
      {
        hint: `Rename it to uber.config.m${extname(path).slice(1)}, or set "type": "module" in package.json.`,
        cause,
      },
    );
  }
  const place = error instanceof SyntaxError ? await locate(path, text) : null;
  return new UberError('CONFIG_INVALID', place ?? `${path} could not be loaded: ${error.message}`, {
    ...(place === null && error.stack !== undefined ? { serviceStack: error.stack } : {}),
    cause,
  });
}

/** Node does not tell where a syntax error stands; the compiler does. */
async function locate(path: string, text: string): Promise<string | null> {
  const { transform } = await import('esbuild');
  const failure: unknown = await transform(text, { loader: 'ts', logLevel: 'silent' }).catch(
    (error) => error,
  );
  const [first] =
    (failure as { errors?: { text: string; location: { line: number; column: number } | null }[] }).errors ??
    [];
  if (first?.location == null) return null;
  return `${path}:${first.location.line}:${first.location.column + 1}: ${first.text}.`;
}

const UNHELPFUL = /^(?:Type Stripping|Failed to load the ES module|Module type of .*uber\.config)/;

/**
 * Node warns that type stripping is experimental, of what we then say ourselves, and that a package.json without a
 * "type" costs a millisecond: none of it helps the reader.
 */
function silenceWarnings(): () => void {
  const original = process.emitWarning;
  const listeners = process.listeners('warning');
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!UNHELPFUL.test(String(warning))) Reflect.apply(original, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  // Node's own loader does not go through emitWarning.
  const forward = (warning: Error): void => {
    if (UNHELPFUL.test(warning.message)) return;
    for (const listener of listeners) listener(warning);
  };
  process.removeAllListeners('warning').on('warning', forward);
  return () => {
    process.emitWarning = original;
    process.off('warning', forward);
    for (const listener of listeners) process.on('warning', listener);
  };
}
