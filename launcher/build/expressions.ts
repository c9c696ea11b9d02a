// Small questions about expressions: a name, a port, a variable of the environment. Pure.
import type { AnyNode, Program } from 'acorn';

/** Name -> the value it is declared with, for the declarations at the top of a file. */
export type Constants = ReadonlyMap<string, AnyNode>;

/** The variables a file declares at its top, exported ones too. */
export function constantsOf({ body }: Program): Constants {
  const constants = new Map<string, AnyNode>();
  for (const statement of body) {
    const node =
      statement.type === 'ExportNamedDeclaration' && statement.declaration != null
        ? statement.declaration
        : statement;
    if (node.type !== 'VariableDeclaration') continue;
    for (const { id, init } of node.declarations)
      if (id.type === 'Identifier' && init != null) constants.set(id.name, init);
  }
  return constants;
}

/** `x` of `x`, `a.x`, `a['x']` and `'x'`; null for anything else. */
export function nameOf(node: AnyNode): string | null {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression')
    return nameOf(node.expression);
  if (node.type !== 'MemberExpression') return null;
  return node.computed && node.property.type !== 'Literal' ? null : nameOf(node.property);
}

/** True for `process.env` and `import.meta.env`. */
export function isEnvObject(node: AnyNode): boolean {
  return node.type === 'MemberExpression' && nameOf(node) === 'env' && node.object.type !== 'ThisExpression';
}

/** The variables an expression reads from the environment: `process.env.A || process.env.B`, `Number(process.env.A)`. */
export function envKeysOf(node: AnyNode): string[] {
  switch (node.type) {
    case 'MemberExpression': {
      const key = isEnvObject(node.object as AnyNode) ? nameOf(node) : null;
      return key === null ? [] : [key];
    }
    case 'LogicalExpression':
      return [...envKeysOf(node.left), ...envKeysOf(node.right)];
    case 'CallExpression':
      return node.arguments.flatMap((argument) => envKeysOf(argument));
    case 'UnaryExpression':
      return envKeysOf(node.argument);
    case 'ChainExpression':
    case 'ParenthesizedExpression':
      return envKeysOf(node.expression);
    default:
      return [];
  }
}

/** The ports an expression may come to, as far as it can be read without running it. */
export function portsIn(node: AnyNode, constants: Constants, depth = 0): number[] {
  if (depth > 6) return [];
  const inside = (inner: AnyNode): number[] => portsIn(inner, constants, depth + 1);
  switch (node.type) {
    case 'Literal':
      return toPort(node.value);
    case 'TemplateLiteral':
      return [
        ...node.quasis.flatMap(({ value }) => toPort(value.cooked)),
        ...node.expressions.flatMap(inside),
      ];
    case 'Identifier': {
      const value = constants.get(node.name);
      return value === undefined ? [] : inside(value);
    }
    case 'LogicalExpression':
      return [...inside(node.left), ...inside(node.right)];
    case 'ConditionalExpression':
      return [...inside(node.consequent), ...inside(node.alternate)];
    case 'CallExpression':
      return node.arguments.slice(0, 1).flatMap(inside);
    case 'UnaryExpression':
      return inside(node.argument);
    case 'ObjectExpression':
      return node.properties.flatMap((property) =>
        property.type === 'Property' && nameOf(property.key) === 'port' ? inside(property.value) : [],
      );
    case 'MemberExpression': {
      const object = node.object.type === 'Identifier' ? constants.get(node.object.name) : undefined;
      const isPort = object?.type === 'ObjectExpression' && nameOf(node) === 'port';
      return isPort ? inside(object) : [];
    }
    default:
      return [];
  }
}

/** 3001, '3001' and '0.0.0.0:3001'. */
function toPort(value: unknown): number[] {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  const port = Number(/^(?:[\w.*[\]:]*:)?(\d{2,5})$/.exec(text)?.[1] ?? 0);
  return port > 0 && port <= 65_535 ? [port] : [];
}
