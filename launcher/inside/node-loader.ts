// The CommonJS loader of Node, as far as it is not in the types, and how a module is compiled for it.
import Module from 'node:module';
import { constants, Script } from 'node:vm';
import { WRAPPER } from '../module-image.ts';

/** The parts of `node:module` that programs have wrapped for ten years. */
interface Loader {
  _cache: Record<string, NodeModule | undefined>;
  _extensions: Record<string, (module: NodeModule, filename: string) => void>;
  _load: unknown;
  _nodeModulePaths(folder: string): string[];
  _resolveFilename(request: string, parent: NodeModule, isMain?: boolean, options?: unknown): string;
  _resolveLookupPaths(request: string, parent: NodeModule): string[] | null;
  new (filename: string, parent: NodeModule): NodeModule & { load(filename: string): void };
  prototype: { _compile?: unknown; require: unknown };
}

export const loader = Module as unknown as Loader;

/** What a wrapped source gives when it is run. */
export type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: Pick<NodeModule, 'exports'>,
  filename: string,
  folder: string,
) => void;

/**
 * Compiles a wrapped source. Its places are those of the file. `import()` works in what it evaluates, with a warning of
 * Node that this is new: sources that call it themselves are better left to Node.
 * @param code what V8 has made of it before
 */
export function compile(source: string, filename: string, code?: Buffer): Script {
  const columnOffset = -WRAPPER.before.length;
  return new Script(source, {
    filename,
    columnOffset,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(code === undefined ? {} : { cachedData: code }),
  });
}
