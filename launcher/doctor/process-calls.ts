// Calls that do not work in a thread: process.chdir, process.setuid, process.umask(x), process.abort.
import type { AnyNode, Node } from 'acorn';
import { nameOf } from '../build/expressions.ts';
import type { ParsedSource } from '../build/parse-source.ts';
import { APART_HINT, type FindingId, type Place, type Severity } from './finding.ts';

interface Limit {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly why: string;
  readonly hint: string;
}

const USER: Limit = {
  id: 'user-id',
  severity: 'error',
  why: 'throws in a thread: user and groups belong to the whole process',
  hint: `Start uber as the user the service needs, or ${APART_HINT}.`,
};

const LIMITS: ReadonlyMap<string, Limit> = new Map([
  [
    'chdir',
    {
      id: 'chdir',
      severity: 'error',
      why: 'throws in a thread: the working directory belongs to the whole process',
      hint: `Remove the call and set "cwd" of the service, or ${APART_HINT}.`,
    },
  ],
  [
    'umask',
    {
      id: 'umask',
      severity: 'error',
      why: 'with a value throws in a thread: the mask belongs to the whole process',
      hint: `Give "mode" where files are made, or ${APART_HINT}.`,
    },
  ],
  [
    'abort',
    {
      id: 'abort',
      severity: 'info',
      why: 'ends this service only, as process.exit() would: there is no core dump',
      hint: `For a core dump ${APART_HINT}.`,
    },
  ],
  ...['setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups'].map(
    (name) => [name, USER] as const,
  ),
]);

/** Every such call of a file. */
export async function findProcessCalls({ program, lineOf }: ParsedSource): Promise<Place[]> {
  const { ancestor, simple } = await import('acorn-walk');
  const found: Place[] = [];
  /** Local names of functions taken out of `process`. */
  const taken = new Map<string, string>();
  const take = (local: AnyNode, name: string | null): void => {
    if (local.type === 'Identifier' && name !== null && LIMITS.has(name)) taken.set(local.name, name);
  };
  simple(program, {
    ImportDeclaration: ({ source, specifiers }) => {
      if (!isProcessModule(source.value)) return;
      for (const specifier of specifiers)
        if (specifier.type === 'ImportSpecifier') take(specifier.local, nameOf(specifier.imported));
    },
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== 'ObjectPattern' || init == null || !isProcess(init)) return;
      for (const property of id.properties)
        if (property.type === 'Property') take(property.value, nameOf(property.key));
    },
  });
  ancestor(program, {
    CallExpression: (node, _state, ancestors) => {
      const name = limitOf(node.callee, taken, ancestors);
      const limit = name === null ? undefined : LIMITS.get(name);
      // Without a value it only asks for the mask, which is allowed.
      if (limit === undefined || (name === 'umask' && node.arguments.length === 0)) return;
      const { id, why } = limit;
      const isSurvived = limit.severity === 'error' && isCaught(ancestors);
      const severity = isSurvived ? 'warning' : limit.severity;
      const hint = isSurvived ? `Nothing to do when the catch copes with it. ${limit.hint}` : limit.hint;
      found.push({ id, severity, line: lineOf(node), message: `process.${name}() ${why}.`, hint });
    },
  });
  return found;
}

/** True when what a node throws ends in a `catch` of the same function. */
function isCaught(ancestors: readonly Node[]): boolean {
  const path = ancestors as readonly AnyNode[];
  const own = path.findLastIndex((node) => 'params' in node);
  return path.some(
    (node, index) =>
      index > own && node.type === 'TryStatement' && node.handler != null && path[index + 1] === node.block,
  );
}

function limitOf(
  callee: AnyNode,
  taken: ReadonlyMap<string, string>,
  ancestors: readonly Node[],
): string | null {
  if (callee.type === 'ChainExpression') return limitOf(callee.expression, taken, ancestors);
  if (callee.type === 'Identifier') {
    const name = taken.get(callee.name) ?? null;
    return name !== null && !isDeclaredInside(callee.name, ancestors) ? name : null;
  }
  if (callee.type !== 'MemberExpression' || callee.object.type === 'Super') return null;
  if (!isProcess(callee.object) || isDeclaredInside('process', ancestors)) return null;
  return nameOf(callee);
}

/** `process`, `globalThis.process`, `require('node:process')`. */
function isProcess(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'process';
  if (node.type === 'MemberExpression')
    return (
      nameOf(node) === 'process' &&
      node.object.type === 'Identifier' &&
      /^global(?:This)?$/.test(node.object.name)
    );
  return isRequireOfProcess(node);
}

function isRequireOfProcess(node: AnyNode): boolean {
  if (node.type !== 'CallExpression' || nameOf(node.callee) !== 'require') return false;
  const [first] = node.arguments;
  return first?.type === 'Literal' && isProcessModule(first.value);
}

function isProcessModule(value: unknown): boolean {
  return value === 'process' || value === 'node:process';
}

/** True when a scope around a node has its own thing of that name: a parameter, a child process. */
function isDeclaredInside(name: string, ancestors: readonly Node[]): boolean {
  return (ancestors as readonly AnyNode[]).some((node) => {
    if ('params' in node) return node.params.some((param) => bindsName(param, name));
    if (node.type === 'CatchClause') return node.param != null && bindsName(node.param, name);
    if (node.type === 'ForOfStatement' || node.type === 'ForInStatement')
      return (
        node.left.type === 'VariableDeclaration' &&
        node.left.declarations.some(({ id }) => bindsName(id, name))
      );
    if (node.type !== 'BlockStatement' && node.type !== 'Program') return false;
    return node.body.some((statement) => declares(statement, name));
  });
}

function declares(statement: AnyNode, name: string): boolean {
  if (statement.type === 'ExportNamedDeclaration')
    return statement.declaration != null && declares(statement.declaration, name);
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration')
    return statement.id?.name === name;
  if (statement.type !== 'VariableDeclaration') return false;
  return statement.declarations.some(
    ({ id, init }) => bindsName(id, name) && !(init != null && isProcess(init)),
  );
}

/** Whether a pattern binds a name; one taken out of `process` itself was seen before. */
function bindsName(pattern: AnyNode, name: string): boolean {
  switch (pattern.type) {
    case 'Identifier':
      return pattern.name === name;
    case 'AssignmentPattern':
      return bindsName(pattern.left, name);
    case 'RestElement':
      return bindsName(pattern.argument, name);
    case 'ArrayPattern':
      return pattern.elements.some((element) => element !== null && bindsName(element, name));
    case 'ObjectPattern':
      return pattern.properties.some((property) =>
        bindsName(property.type === 'Property' ? property.value : property, name),
      );
    default:
      return false;
  }
}
