// How a failure is told: one line and a hint for the user's faults, a stack for ours.
import { ERROR_CODES, type UberError } from '../../errors.ts';
import type { Paint } from './text.ts';

/**
 * For people.
 * @param next what follows
 */
export function formatError(error: UberError, next: string | null, paint: Paint): string {
  return format(`${paint('red', 'error')}: ${error.message}`, { error, next, paint });
}

/**
 * The same for what the run survives.
 * @param toldHint the hint of the warning before it, which is not told again: a thread may end with fifty services
 */
export function formatWarning(
  error: UberError,
  next: string | null,
  { paint, toldHint }: { paint: Paint; toldHint: string | null },
): string {
  return format(`${paint('yellow', 'warning')}: ${error.message}`, { error, next, paint, toldHint });
}

interface Telling {
  readonly error: UberError;
  readonly next: string | null;
  readonly paint: Paint;
  readonly toldHint?: string | null;
}

function format(head: string, { error, next, paint, toldHint = null }: Telling): string {
  const isOurs = ERROR_CODES[error.code].fault === 'ours';
  const parts = [head];
  if (error.serviceStack !== null && !isTold(error.serviceStack, error.message))
    parts.push(indent(error.serviceStack));
  if (isOurs) parts.push(indent(String((error.cause as Error | undefined)?.stack ?? error.stack)));
  if (error.lastLines.length > 0) parts.push('Its last lines:', indent(error.lastLines.join('\n')));
  if (error.hint !== null && error.hint !== toldHint) parts.push(paint('cyan', error.hint));
  if (next !== null) parts.push(next);
  return parts.filter((part) => part.trim() !== '').join('\n');
}

/** A stack of one frame whose place is in the message already. */
function isTold(stack: string, message: string): boolean {
  const place = /^\s*at (\S+)$/.exec(stack)?.[1];
  return place !== undefined && message.includes(place);
}

/** For programs: the event `failed` of the contract. */
export function errorEvent(error: UberError): Record<string, unknown> {
  const { code, message, hint, lastLines, service, serviceStack: stack } = error;
  return { event: 'failed', service, code, message, hint, stack, lastLines };
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line.replace(/^ {4}at /, 'at ')}`)
    .join('\n');
}
