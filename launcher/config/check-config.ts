// Turns what a configuration file holds into a typed value, or into one sentence that says what is wrong where.
import type { z } from 'zod';
import { UberError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { UberConfigFile } from '../options.ts';
import { masked } from '../secrets.ts';
import type { KNOWN_KEYS as KnownKeys } from './schema.ts';

/**
 * Checks a configuration value.
 * @param value what the file exports
 * @param source how to name the file in a message
 * @throws UberError `CONFIG_INVALID`
 */
export async function checkConfig(value: unknown, source: string): Promise<UberConfigFile> {
  // Loaded here and not above: a project without a configuration file never pays for the schema library.
  const { configFileSchema, KNOWN_KEYS } = await import('./schema.ts');
  const result = configFileSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  throw new UberError('CONFIG_INVALID', `${source}: ${explain(issue, value)}`, hintFor(issue, KNOWN_KEYS));
}

type Issue = z.core.$ZodIssue;

/** Of a union's branches the one that got furthest says best what was meant. */
function deepest(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): Issue {
  const flat = issues.flatMap((issue): Issue[] => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ ...issue, path } as Issue];
    const branches = issue.errors.map((branch) => deepest(branch, path));
    const inside = branches.filter(
      (branch) => branch.path.length > path.length || branch.code === 'unrecognized_keys',
    );
    return inside.length > 0 ? inside : [{ ...issue, path } as Issue];
  });
  return flat.reduce((best, issue) => (issue.path.length > best.path.length ? issue : best));
}

function explain(issue: Issue, root: unknown): string {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const inside = where === '' ? '' : ` in ${where}`;
    return `unknown key "${issue.keys[0]}"${inside}.`;
  }
  const got = describe(
    issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], root),
  );
  // A value of an environment may be a secret: it is not repeated.
  const value = issue.path.includes('env') || issue.path.includes('args') ? '' : `, got ${got}`;
  return `${where === '' ? 'the configuration' : where} ${expectation(issue)}${value}.`;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_union':
      if (issue.path.at(-2) === 'env') return 'must be text, a number or true or false';
      return UNION_TEXTS[String(issue.path.at(-1))] ?? 'must be a path or an object';
    case 'invalid_key':
      return `is not a name: ${issue.issues[0]?.message ?? issue.message}`;
    case 'invalid_format':
      return issue.format === 'starts_with' ? 'must start with "/"' : `is not valid: ${issue.message}`;
    default:
      return `is not valid: ${issue.message}`;
  }
}

/** What the keys that take more than one type accept. */
const UNION_TEXTS: Record<string, string> = {
  ready: 'must be "listening", "started" or an object',
  status: 'must be a status or a pair of statuses',
  restart: 'must be "never", "on-failure", "always" or an object',
  blockedMs: 'must be a number of milliseconds from 1 on, or false',
};

function hintFor(issue: Issue, keys: typeof KnownKeys): { hint?: string } {
  if (issue.code !== 'unrecognized_keys') return {};
  const place = issue.path.at(-1);
  const isNested = place === 'ready' || place === 'restart' || place === 'permissions';
  const inside = isNested ? keys[place] : keys.service;
  const known = issue.path.length === 0 ? keys.top : inside;
  return { hint: didYouMean(issue.keys[0] ?? '', known) ?? `Known keys: ${known.join(', ')}.` };
}

function article(type: string): string {
  const names: Record<string, string> = { record: 'object', int: 'whole number', tuple: 'pair' };
  const name = names[type] ?? type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Environments and arguments hold passwords, and so do addresses.
  const hide = (key: string, inside: unknown): unknown =>
    key === 'env' || key === 'args' ? '...' : typeof inside === 'string' ? masked(key, inside) : inside;
  const text = JSON.stringify(value, hide) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
