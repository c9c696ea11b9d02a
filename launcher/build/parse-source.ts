// One source file -> its syntax tree, with the lines of the source, also where TypeScript had to be compiled first.
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Node, Options, Program } from 'acorn';
import { useCompiler } from './compiler.ts';
import { needsCompiling } from './module-graph.ts';

/** A parsed file. */
export interface ParsedSource {
  readonly path: string;
  readonly program: Program;
  /** Line in the source, from 1, of a node of the program. */
  lineOf(node: Node): number;
}

/** Parses a file. Null for what is no JavaScript or TypeScript, or cannot be parsed: Node itself will say why. */
export async function parseSource(path: string): Promise<ParsedSource | null> {
  // Without an extension it is a program such as `bin/www`: JavaScript.
  if (!/\.(?:[cm]?[jt]s|[jt]sx)$/.test(path) && extname(path) !== '') return null;
  const text = readFileSync(path, 'utf8');
  const program = needsCompiling(path) ? null : await parse(text);
  if (program !== null) return { path, program, lineOf: (node) => node.loc?.start.line ?? 1 };
  return parseCompiled(path, text);
}

async function parseCompiled(path: string, text: string): Promise<ParsedSource | null> {
  const compiled = await useCompiler(({ transform }) =>
    transform(text, {
      loader: /\.[cm]?ts$/.test(path) ? 'ts' : path.endsWith('.tsx') ? 'tsx' : 'jsx',
      sourcefile: path,
      sourcemap: 'external',
      sourcesContent: false,
      target: 'esnext',
      // Decorators of both kinds are syntax the parser does not know; those of parameters only with this setting.
      supported: { decorators: false },
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      logLevel: 'silent',
    }),
  ).catch(() => null); // A syntax error: whoever builds the service reports it.
  const program = compiled === null ? null : await parse(compiled.code);
  if (compiled === null || program === null) return null;
  const { originalPositionFor, TraceMap } = await import('@jridgewell/trace-mapping');
  const map = new TraceMap(compiled.map);
  const lineOf = ({ loc }: Node): number =>
    loc == null ? 1 : (originalPositionFor(map, loc.start).line ?? loc.start.line);
  return { path, program, lineOf };
}

/** Loaded here and not above: only verbs that look into sources pay for the parser. */
async function parse(text: string): Promise<Program | null> {
  const acorn = await import('acorn');
  const options: Options = {
    ecmaVersion: 'latest',
    locations: true,
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
  };
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return acorn.parse(text, { ...options, sourceType });
    } catch {
      // Old code that is no valid module is tried as a script; what is neither has no tree.
    }
  }
  return null;
}
