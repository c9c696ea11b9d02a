// What a tsconfig.json says about decorator metadata. Pure.
import type { TsConfigJson } from 'get-tsconfig';

/** How a file with decorators is compiled when its tsconfig.json asks for their metadata. */
export interface DecoratorOptions {
  /** True: `Foo | null` is no `Foo` in the metadata, but `Object`. */
  readonly hasStrictNulls: boolean;
  /** False: class fields are assigned in the constructor, behind the parameter properties. */
  readonly definesFields: boolean;
  /** True: only imports that are marked with `type` are left out. */
  readonly keepsImports: boolean;
  /** What JSX becomes. */
  readonly jsx: {
    readonly runtime: 'classic' | 'automatic';
    readonly development: boolean;
    readonly pragma?: string;
    readonly pragmaFrag?: string;
    readonly importSource?: string;
  };
}

/** The options for the files of a tsconfig.json; null when it does not ask for metadata. */
export function decoratorOptionsOf(options: TsConfigJson.CompilerOptions | null): DecoratorOptions | null {
  if (options?.experimentalDecorators !== true || options.emitDecoratorMetadata !== true) return null;
  return {
    // Not said at all: TypeScript 5 has them off and 6 on. Off keeps the more telling metadata.
    hasStrictNulls: options.strictNullChecks ?? options.strict ?? false,
    // As esbuild has it for all other files: a target that is not named is the newest.
    definesFields:
      options.useDefineForClassFields ?? !/^es(?:[3567]|20(?:1\d|2[01]))$/i.test(options.target ?? ''),
    keepsImports: options.verbatimModuleSyntax ?? options.preserveValueImports ?? false,
    jsx: {
      runtime: options.jsx?.startsWith('react-jsx') === true ? 'automatic' : 'classic',
      development: options.jsx === 'react-jsxdev',
      ...(options.jsxFactory === undefined ? {} : { pragma: options.jsxFactory }),
      ...(options.jsxFragmentFactory === undefined ? {} : { pragmaFrag: options.jsxFragmentFactory }),
      ...(options.jsxImportSource === undefined ? {} : { importSource: options.jsxImportSource }),
    },
  };
}
