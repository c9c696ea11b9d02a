// What a source file says about the network: whether it listens, on which ports, and which addresses it holds.
import type { AnyNode, Literal, Node, TemplateElement } from 'acorn';
import { type Address, addressesIn } from '../addresses.ts';
import { constantsOf, envKeysOf, isEnvObject, nameOf, portsIn } from './expressions.ts';
import { type ParsedSource, parseSource } from './parse-source.ts';

/** An address that stands in a source. */
export interface AddressFact {
  readonly line: number;
  readonly address: Address;
  /** The whole text it stands in, or null when that is put together at run time. */
  readonly text: string | null;
  /** The variables it is the default of, as in `process.env.ORDERS_URL ?? 'http://localhost:3001'`. */
  readonly envKeys: readonly string[];
}

/** What one file says. */
export interface SourceFacts {
  readonly path: string;
  /** True when it calls `listen`, or something that does so. */
  readonly listens: boolean;
  /** True when it exports an app, a factory or a class that the launcher can serve. */
  readonly exportsDefault: boolean;
  /** Ports it asks for, or falls back to when `PORT` is not set. */
  readonly ports: readonly number[];
  readonly addresses: readonly AddressFact[];
  /** Variable -> the text that stands in for it when it is not set. */
  readonly envDefaults: Readonly<Record<string, string>>;
  /** Names of the variables it reads. */
  readonly envReads: readonly string[];
  /** Names of packages and of Node's own modules it imports. */
  readonly imports: readonly string[];
}

/** Reads the facts of a file; null for one that cannot be parsed. */
export async function readSourceFacts(path: string): Promise<SourceFacts | null> {
  const source = await parseSource(path);
  return source === null ? null : factsOf(source);
}

/** Calls that listen without a method of that name: Hono's adapter, Apollo, gRPC. */
const LISTENING_CALLS = /^(?:listen|serve|startStandaloneServer|bindAsync)$/;
const SERVERS = /serve(?:r)?$/i;

/** Reads the facts of a file that is parsed already. */
export async function factsOf(source: ParsedSource): Promise<SourceFacts> {
  const { ancestor } = await import('acorn-walk');
  const constants = constantsOf(source.program);
  const ports: number[] = [];
  const addresses: AddressFact[] = [];
  const envReads = new Set<string>();
  const imports = new Set<string>();
  const envDefaults: Record<string, string> = {};
  const onImport = (from: AnyNode | null | undefined): void => {
    const name = from == null ? null : nameOf(from);
    if (from?.type === 'Literal' && name !== null && !name.startsWith('.')) imports.add(name);
  };
  let listens = false;
  const onText = (text: string, node: Literal | TemplateElement, ancestors: readonly Node[]): void => {
    const template = ancestors.at(-2) as AnyNode | undefined;
    const isWhole = template?.type !== 'TemplateLiteral' || template.expressions.length === 0;
    const envKeys = defaultedKeys(ancestors as readonly AnyNode[]);
    const [firstKey] = envKeys;
    if (firstKey !== undefined && isWhole) envDefaults[firstKey] ??= text;
    for (const address of addressesIn(text))
      addresses.push({ line: source.lineOf(node), address, text: isWhole ? text : null, envKeys });
  };
  const onCall = (callee: AnyNode, args: readonly AnyNode[]): void => {
    const name = nameOf(callee) ?? '';
    const isListening = LISTENING_CALLS.test(name) || (SERVERS.test(name) && args.some(hasPort));
    if (!isListening) return;
    listens = true;
    for (const arg of args.slice(0, 1)) ports.push(...portsIn(arg, constants));
  };
  ancestor(source.program, {
    CallExpression: (node) => {
      if (nameOf(node.callee) === 'require') onImport(node.arguments[0]);
      onCall(node.callee, node.arguments);
    },
    ImportDeclaration: (node) => onImport(node.source),
    ImportExpression: (node) => onImport(node.source),
    ExportNamedDeclaration: (node) => onImport(node.source),
    ExportAllDeclaration: (node) => onImport(node.source),
    NewExpression: (node) => onCall(node.callee, node.arguments),
    LogicalExpression: (node) => {
      if (envKeysOf(node.left).includes('PORT')) ports.push(...portsIn(node.right, constants));
    },
    VariableDeclarator: (node) => {
      if (node.init == null || !isEnvObject(node.init) || node.id.type !== 'ObjectPattern') return;
      for (const property of node.id.properties) {
        if (property.type !== 'Property') continue;
        const key = nameOf(property.key);
        if (key !== null) envReads.add(key);
        if (key === 'PORT' && property.value.type === 'AssignmentPattern')
          ports.push(...portsIn(property.value.right, constants));
      }
    },
    MemberExpression: (node) => {
      for (const key of envKeysOf(node)) envReads.add(key);
    },
    Literal: (node, _state, ancestors) => {
      if (typeof node.value === 'string') onText(node.value, node, ancestors);
    },
    TemplateElement: (node, _state, ancestors) => onText(node.value.cooked ?? '', node, ancestors),
  });
  return {
    path: source.path,
    listens,
    exportsDefault: source.program.body.some(isDefaultExport),
    ports: [...new Set(ports)],
    addresses,
    envDefaults,
    envReads: [...envReads],
    imports: [...imports],
  };
}

function hasPort(arg: AnyNode): boolean {
  return (
    arg.type === 'ObjectExpression' &&
    arg.properties.some((property) => property.type === 'Property' && nameOf(property.key) === 'port')
  );
}

function isDefaultExport(node: AnyNode): boolean {
  if (node.type === 'ExportDefaultDeclaration') return true;
  if (node.type === 'ExportNamedDeclaration')
    return node.specifiers.some(({ exported }) => nameOf(exported) === 'default');
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'AssignmentExpression') return false;
  const { left } = node.expression;
  return (
    left.type === 'MemberExpression' &&
    left.object.type === 'Identifier' &&
    left.object.name === 'module' &&
    nameOf(left) === 'exports'
  );
}

/** Looks outwards from a text for the variable whose default it is. */
function defaultedKeys(ancestors: readonly AnyNode[]): readonly string[] {
  let isInCall = false;
  for (let index = ancestors.length - 2; index >= 0; index -= 1) {
    const node = ancestors[index];
    const inner = ancestors[index + 1];
    if (node === undefined) break;
    if (node.type === 'LogicalExpression' && node.right === inner) {
      const keys = envKeysOf(node.left);
      if (keys.length > 0) return keys;
    } else if (node.type === 'ConditionalExpression' && node.test !== inner) {
      const keys = envKeysOf(node.test);
      if (keys.length > 0) return keys;
    } else if (node.type === 'AssignmentPattern' && node.right === inner) {
      const outer = ancestors.slice(0, index).findLast(({ type }) => type === 'VariableDeclarator');
      const isOfEnv = outer?.type === 'VariableDeclarator' && outer.init != null && isEnvObject(outer.init);
      const key = nameOf(node.left);
      if (isOfEnv && key !== null) return [key];
    } else if (node.type === 'CallExpression') {
      // env('ORDERS_URL', 'http://localhost:3001')
      const [first] = node.arguments;
      if (first !== inner && first?.type === 'Literal' && isVariableName(first.value)) return [first.value];
      isInCall = true;
    } else if (node.type === 'Property' && isInCall) {
      // { ORDERS_URL: z.string().default('http://localhost:3001') }
      const key = nameOf(node.key);
      if (isVariableName(key)) return [key];
    } else if (/Function|Statement$/.test(node.type)) break;
  }
  return [];
}

function isVariableName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]+$/.test(value);
}
