// Values of configuration files of other tools, whatever they hold. Pure.

/** An object of JSON text; empty for none, or for text that is wrong. */
export function jsonOf(text: string | null): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(text ?? '{}'));
  } catch {
    return {}; // The tool it is for will say what is wrong with it.
  }
}

/** The value when it is an object, else an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The value when it is a text, else null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
