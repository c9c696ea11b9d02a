// Rewrites how compiled metadata refers to types: the text of one file. Pure.
// Lengths of lines with code on them do not change, so the source map stays right.
import { HELPERS } from './decorator-helpers.ts';

/** The arguments of one call: names, `typeof` of them, `Object`, lists. There is never a parenthesis in them. */
const METADATA = new RegExp(`(?<=${HELPERS.metadata}\\("design:\\w+", )[^()]*(?=\\))`, 'g');
/** As the compiler asks whether a name exists: `typeof A === "undefined" || typeof A.B === "undefined" ? Object : A.B`. */
const REFERENCE =
  /typeof [\w$.\p{L}]+ === "undefined" (?:\|\| typeof [\w$.\p{L}]+ === "undefined" )*\? Object : ([\w$.\p{L}]+)/gu;
const IMPORT = /^import (.+) from ("[^"\n]+")( with .+)?;$/gm;

/** A decorated class has its name twice: `let Foo = class Foo {`. Its body uses neither; an alias stands for both. */
const CLASS = /(?<=^\s*let ([\w$\p{L}]+) = class )\1(?= )/gmu;

/**
 * Takes the inner name of decorated classes away: esbuild would keep the two apart and call the class `Foo2`. The class
 * gets its name from the variable then, as before.
 */
export function nameClassesOnce(code: string): string {
  return code.replace(CLASS, (name: string) => (isDecorated(code, name) ? ' '.repeat(name.length) : name));
}

function isDecorated(code: string, name: string): boolean {
  return new RegExp(`^\\s*${name.replaceAll('$', '\\$')} = (?:_\\w+ = )?${HELPERS.decorate}\\(`, 'm').test(
    code,
  );
}

/** Lets metadata read a type through the helper `type`, which forgives what is not there yet, or never. */
export function forgiveMissingTypes(code: string): string {
  return replaceReferences(code, (name) => name);
}

/**
 * An ES module that imports a name which does not exist cannot be loaded. A type is such a name, and only TypeScript
 * itself knows which imports are types. So what nothing but metadata refers to is read from the namespace of its module.
 * @param withoutMetadata the same file, compiled without metadata: what it still imports are values
 */
export function readTypesFromNamespaces(code: string, withoutMetadata: string): string {
  const values = new Set(
    [...withoutMetadata.matchAll(IMPORT)].flatMap(([, clause = '']) =>
      parseClause(clause).map(({ local }) => local),
    ),
  );
  const places = new Map<string, string>();
  let count = 0;
  const lines = code.replace(IMPORT, (line, clause: string, from: string, attributes = '') => {
    const bindings = parseClause(clause);
    const types = bindings.filter(({ local, imported }) => imported !== '*' && !values.has(local));
    if (types.length === 0) return line;
    const namespace = `__t${count++}`;
    for (const { local, imported } of types) places.set(local, `${namespace}.${imported}`);
    const rest = bindings.filter((binding) => !types.includes(binding));
    const kept = rest.length === 0 ? '' : `import ${writeClause(rest)} from ${from}${attributes}; `;
    return `${kept}import * as ${namespace} from ${from}${attributes};`;
  });
  return replaceReferences(lines, (name) => {
    const [first = '', ...rest] = name.split('.');
    return [places.get(first) ?? first, ...rest].join('.');
  });
}

function replaceReferences(code: string, place: (name: string) => string): string {
  return code.replace(METADATA, (args) =>
    args.replace(REFERENCE, (text, name: string) =>
      `${HELPERS.type}(() => ${place(name)})`.padEnd(text.length),
    ),
  );
}

/** One name that an import brings; `imported` is `*` for a namespace. */
interface Binding {
  readonly imported: string;
  readonly local: string;
}

function parseClause(clause: string): Binding[] {
  const [, outside = '', inside = ''] = /^([^{]*)(?:\{(.*)\})?$/.exec(clause) ?? [];
  const names = (text: string): string[] =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  return [
    ...names(outside).map((name) =>
      name.startsWith('* as ')
        ? { imported: '*', local: name.slice(5) }
        : { imported: 'default', local: name },
    ),
    ...names(inside).map((name) => {
      const [imported = '', local = imported] = name.split(' as ');
      return { imported, local };
    }),
  ];
}

function writeClause(bindings: readonly Binding[]): string {
  const star = bindings.find(({ imported }) => imported === '*');
  const byDefault = bindings.find(({ imported }) => imported === 'default');
  const named = bindings
    .filter((binding) => binding !== star && binding !== byDefault)
    .map(({ imported, local }) => `${imported} as ${local}`);
  return [
    ...(byDefault === undefined ? [] : [byDefault.local]),
    ...(star === undefined ? [] : [`* as ${star.local}`]),
    ...(named.length === 0 ? [] : [`{ ${named.join(', ')} }`]),
  ].join(', ');
}
