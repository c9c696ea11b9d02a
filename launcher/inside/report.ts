// Errors of a service as plain data: a class would be lost on the way to main, and so would `code`.
import type { ErrorData } from '../errors.ts';

/** What main needs to know of anything that was thrown. */
export function errorData(thrown: unknown): ErrorData {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    return { code: 'THROWN', message: cut(describe(thrown)), stack: null };
  }
  const { code, name, message, stack } = thrown as NodeJS.ErrnoException;
  const trace = withCauses(thrown as Error, stack);
  return {
    code: cut(String(code ?? name)),
    message: cut(String(message)),
    stack: trace === null ? null : cut(trace),
  };
}

/** As much as main takes. */
const LONGEST_TEXT = 64 * 1024;

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
}

/** Errors of another realm (vm contexts) are no instance of ours. */
function isErrorLike(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown;
}

function withCauses(error: Error, stack: string | undefined): string | null {
  const own = typeof stack === 'string' ? stack : null;
  const { cause } = error;
  return cause instanceof Error ? `${own ?? error.message}\n[cause]: ${cause.stack ?? cause.message}` : own;
}

function describe(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return String(thrown); // A value that refers to itself.
  }
}

/** The stack of the caller as text, whatever the service has made of `Error.prepareStackTrace`. */
export function stackHere(message: string): string {
  const { prepareStackTrace } = Error;
  Reflect.set(Error, 'prepareStackTrace', undefined);
  const stack = String(new Error(message).stack);
  Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  return stack;
}
