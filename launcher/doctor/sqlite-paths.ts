// SQLite databases at relative paths: native code resolves them against the launcher's folder, not the service's.
import type { AnyNode } from 'acorn';
import { type Constants, constantsOf, nameOf } from '../build/expressions.ts';
import type { ParsedSource } from '../build/parse-source.ts';
import { APART_HINT, type Place } from './finding.ts';

const MODULES: ReadonlySet<unknown> = new Set(['node:sqlite', 'better-sqlite3', 'sqlite3', 'sqlite']);

/** What opens a database: the classes of these modules, and `open` of `sqlite`. */
const OPENERS = /^(?:DatabaseSync|Database|open)$/;

/** Every database a file opens at a relative path. */
export async function findSqlitePaths({ program, lineOf }: ParsedSource): Promise<Place[]> {
  const { simple } = await import('acorn-walk');
  const constants = constantsOf(program);
  /** Local name -> what it is in its module; `default` for the module itself. */
  const locals = new Map<string, string>();
  simple(program, {
    ImportDeclaration: ({ source, specifiers }) => {
      if (!MODULES.has(source.value)) return;
      for (const specifier of specifiers)
        locals.set(
          specifier.local.name,
          specifier.type === 'ImportSpecifier' ? (nameOf(specifier.imported) ?? '') : 'default',
        );
    },
    VariableDeclarator: ({ id, init }) => {
      if (init == null || !isRequire(init)) return;
      if (id.type === 'Identifier') locals.set(id.name, 'default');
      if (id.type !== 'ObjectPattern') return;
      for (const property of id.properties)
        if (property.type === 'Property' && property.value.type === 'Identifier')
          locals.set(property.value.name, nameOf(property.key) ?? '');
    },
  });
  if (locals.size === 0) return [];
  const found: Place[] = [];
  const onCall = (node: AnyNode, callee: AnyNode, [first]: readonly AnyNode[]): void => {
    if (first === undefined || !opens(callee, locals)) return;
    const path = pathOf(first, constants);
    if (path === null || !isRelative(path)) return;
    found.push({
      id: 'sqlite-path',
      severity: 'warning',
      line: lineOf(node),
      message: `The database ${JSON.stringify(path)} is looked for in the folder uber is started in, not in that of the service.`,
      hint: `Join it to process.env.UBER_DATA_DIR, which is empty in every run, or to the folder of the file, or ${APART_HINT}.`,
    });
  };
  simple(program, {
    NewExpression: (node) => onCall(node, node.callee, node.arguments),
    CallExpression: (node) => onCall(node, node.callee, node.arguments),
  });
  return found;
}

/** `require('sqlite3')` and `require('sqlite3').verbose()`. */
function isRequire(node: AnyNode): boolean {
  if (node.type !== 'CallExpression') return false;
  if (node.callee.type === 'MemberExpression' && node.callee.object.type !== 'Super')
    return isRequire(node.callee.object);
  const [first] = node.arguments;
  return nameOf(node.callee) === 'require' && first?.type === 'Literal' && MODULES.has(first.value);
}

function opens(callee: AnyNode, locals: ReadonlyMap<string, string>): boolean {
  if (callee.type === 'Identifier') {
    const imported = locals.get(callee.name);
    return imported !== undefined && (imported === 'default' || OPENERS.test(imported));
  }
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return false;
  return locals.has(callee.object.name) && OPENERS.test(nameOf(callee) ?? '');
}

/** The path an expression is, as far as it can be read; null when it depends on something else. */
function pathOf(node: AnyNode, constants: Constants, depth = 0): string | null {
  if (depth > 4) return null;
  const inside = (inner: AnyNode): string | null => pathOf(inner, constants, depth + 1);
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : null;
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? null) : null;
    case 'Identifier': {
      const value = constants.get(node.name);
      return value === undefined ? null : inside(value);
    }
    case 'LogicalExpression':
      return inside(node.right);
    case 'ObjectExpression': {
      const file = node.properties.find((it) => it.type === 'Property' && nameOf(it.key) === 'filename');
      return file?.type === 'Property' ? inside(file.value) : null;
    }
    case 'CallExpression': {
      const parts = nameOf(node.callee) === 'join' ? node.arguments.map(inside) : [null];
      return parts.includes(null) ? null : parts.join('/');
    }
    default:
      return null;
  }
}

function isRelative(path: string): boolean {
  return path !== '' && !/^(?:[/\\]|[A-Za-z]:|:memory:|file:)/.test(path);
}
