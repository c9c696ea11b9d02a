// Where the statements of a JavaScript source begin. Pure.
import { type Node, type Program, parse } from 'acorn';
import { fullAncestor } from 'acorn-walk';

/** One thing that can be run or not. */
export interface Statement {
  readonly start: number;
  readonly end: number;
  /** 1 for the first line. */
  readonly line: number;
  /** Where the innermost function around it begins; -1 for the module itself. */
  readonly inFunction: number;
}

/** The kinds that count, as Istanbul has it: blocks and declarations of functions and types do not run by themselves. */
const KINDS = new Set([
  'BreakStatement',
  'ContinueStatement',
  'DoWhileStatement',
  'ExpressionStatement',
  'ForInStatement',
  'ForOfStatement',
  'ForStatement',
  'IfStatement',
  'LabeledStatement',
  'ReturnStatement',
  'SwitchStatement',
  'ThrowStatement',
  'TryStatement',
  'WhileStatement',
]);

/** Finds the statements of an ES module, TypeScript's types already stripped. */
export function findStatements(code: string): Statement[] {
  const program: Program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  const statements: Statement[] = [];
  fullAncestor(program, (node, _state, ancestors) => {
    const range = runnablePart(node, ancestors.at(-2));
    if (range === null) return;
    const enclosing = ancestors.slice(0, -1).findLast(isFunction);
    const { start, end, loc } = range;
    statements.push({ start, end, line: loc?.start.line ?? 0, inFunction: enclosing?.start ?? -1 });
  });
  return statements;
}

function runnablePart(node: Node, parent: Node | undefined): Node | null {
  if (KINDS.has(node.type) || isVariableWithWork(node) || isFieldWithValue(node)) return node;
  // `() => value` has no statement but its value.
  const isArrowBody = parent?.type === 'ArrowFunctionExpression' && Reflect.get(parent, 'body') === node;
  return isArrowBody && node.type !== 'BlockStatement' ? node : null;
}

/** Not `const most = 3`: there is nothing to run, and the bundler puts the 3 where it is used. */
function isVariableWithWork(node: Node): boolean {
  const init = node.type === 'VariableDeclarator' ? (Reflect.get(node, 'init') as Node | null) : null;
  return init !== null && init.type !== 'Literal';
}

function isFieldWithValue(node: Node): boolean {
  return node.type === 'PropertyDefinition' && Reflect.get(node, 'value') !== null;
}

function isFunction({ type }: Node): boolean {
  return (
    type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
  );
}
