// Compiles TypeScript files whose decorators need metadata about types, which esbuild does not make.
// oxc makes plain JavaScript of them; the format and the target are left to esbuild, as for all other files.
import { readFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { resolve } from 'node:path';
import type { Message, PartialMessage, Plugin } from 'esbuild';
import type { HelperMode, OxcError, TransformOptions } from 'oxc-transform';
import { UberError } from '../errors.ts';
import type { CompiledFile } from '../protocol.ts';
import { HELPER_CODE, nameHelpers } from './decorator-helpers.ts';
import type { DecoratorOptions } from './decorator-options.ts';
import { forgiveMissingTypes, nameClassesOnce, readTypesFromNamespaces } from './type-references.ts';

type Oxc = typeof import('oxc-transform');
type Format = CompiledFile['format'];

let version: string | null = null;

/** The version of what makes the metadata, read without loading it. */
export function metadataVersion(): string {
  const path = createRequire(import.meta.url).resolve('oxc-transform/package.json');
  version ??= (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  return version;
}

/**
 * Lets esbuild read such files compiled. An error of it may carry a `BUILD_FAILED`: see {@link ownErrorOf}.
 * @param optionsOf null for a file that needs no metadata
 */
export function decoratedFiles(optionsOf: (path: string) => DecoratorOptions | null, format: Format): Plugin {
  return {
    name: 'decorated-files',
    setup(build) {
      const compiled = new Map<string, Compiled>();
      build.onLoad({ filter: /\.(?:[cm]?ts|tsx)$/ }, async ({ path }) => {
        const options = optionsOf(path);
        if (options === null) return undefined;
        const source = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
        if (!source.includes('@')) return undefined;
        const result = compile({ path, source, options, format, oxc: await loadOxc(path) });
        if (result === null || 'errors' in result) return result;
        compiled.set(path, result);
        return { contents: result.contents, loader: 'js' };
      });
      // What esbuild finds, it finds in what it was given.
      build.onEnd(({ errors }) => {
        for (const { location } of errors) {
          const file =
            location === null
              ? undefined
              : compiled.get(resolve(build.initialOptions.absWorkingDir ?? '', location.file));
          if (location !== null && file !== undefined) Object.assign(location, file.originOf(location));
        }
      });
    },
  };
}

/** The error of ours that a plugin has thrown, if the message carries one. */
export function ownErrorOf(messages: readonly Message[]): UberError | null {
  return (
    messages.map(({ detail }) => detail as unknown).find((detail) => detail instanceof UberError) ?? null
  );
}

async function loadOxc(path: string): Promise<Oxc> {
  try {
    return await import('oxc-transform');
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
    const machine = `${process.platform}-${process.arch}`;
    throw new UberError(
      'BUILD_FAILED',
      `${path} needs decorator metadata ("emitDecoratorMetadata"), but "oxc-transform" cannot be loaded on ${machine}: ${reason}.`,
      { hint: 'Install again with optional dependencies: npm install --include=optional', cause },
    );
  }
}

interface Work {
  readonly path: string;
  readonly source: string;
  readonly options: DecoratorOptions;
  readonly format: Format;
  readonly oxc: Oxc;
}

interface Compiled {
  readonly contents: string;
  /** The place in the source, in the way of esbuild: lines from 1, columns from 0. */
  originOf(place: Place): Place & { lineText: string };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Null when the file has no decorators: it is compiled like all others. */
function compile({
  path,
  source,
  options,
  format,
  oxc,
}: Work): Compiled | { errors: PartialMessage[] } | null {
  const compiled = oxc.transformSync(path, source, oxcOptions(path, options, true));
  const errors = compiled.errors.filter(({ severity }) => severity === 'Error');
  if (errors.length > 0) return { errors: errors.map((error) => messageOf(error, path, source)) };
  // Only comments or texts had an @.
  if (Object.keys(compiled.helpersUsed).length === 0 || compiled.map === undefined) return null;
  const plain = (): string => oxc.transformSync(path, source, oxcOptions(path, options, false)).code;
  const named = nameClassesOnce(nameHelpers(compiled.code));
  const code =
    format === 'module' && !options.keepsImports
      ? readTypesFromNamespaces(named, plain())
      : forgiveMissingTypes(named);
  const map = { ...compiled.map, sourcesContent: [] };
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  return {
    contents: `${code}${HELPER_CODE}//# sourceMappingURL=${url}\n`,
    originOf: ({ line, column }) => {
      const entry = new SourceMap({ ...map, file: path, sourceRoot: '' }).findEntry(line - 1, column);
      const place =
        'originalLine' in entry
          ? { line: entry.originalLine + 1, column: entry.originalColumn }
          : { line, column };
      return { ...place, lineText: source.split('\n')[place.line - 1] ?? '' };
    },
  };
}

function oxcOptions(path: string, options: DecoratorOptions, hasMetadata: boolean): TransformOptions {
  const { definesFields, keepsImports, jsx } = options;
  return {
    lang: path.endsWith('.tsx') ? 'tsx' : 'ts',
    sourcemap: hasMetadata,
    jsx,
    decorator: {
      legacy: true,
      emitDecoratorMetadata: hasMetadata,
      strictNullChecks: options.hasStrictNulls,
    },
    assumptions: { setPublicClassFields: !definesFields },
    typescript: {
      removeClassFieldsWithoutInitializer: !definesFields,
      onlyRemoveTypeImports: keepsImports,
    },
    // Its own helpers are a package that a service does not have.
    helpers: { mode: 'External' as HelperMode },
  };
}

function messageOf({ message, labels }: OxcError, path: string, source: string): PartialMessage {
  // It counts bytes.
  const before = Buffer.from(source)
    .toString('utf8', 0, labels[0]?.start ?? 0)
    .split('\n');
  const line = before.length;
  const column = before.at(-1)?.length ?? 0;
  const lineText = source.split('\n')[line - 1] ?? '';
  return { text: message, location: { file: path, line, column, lineText } };
}
