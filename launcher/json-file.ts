// JSON files that people write: a mistake is named with its place.
import { UberError } from './errors.ts';

/**
 * Parses the text of a JSON file.
 * @param path absolute, for the message
 * @throws UberError `CONFIG_INVALID` with path, line and column
 */
export function parseJsonFile(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? endOf(text);
    // V8 quotes what stands around the mistake, which may be a password.
    const quoted = /, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s;
    const reason = message
      .replace(quoted, ' in JSON')
      .replace(/ \(line.*/, '')
      .replace(/ in JSON at position.*/, ' in JSON');
    throw new UberError('CONFIG_INVALID', `${path}:${line}:${column}: ${reason}.`, { cause });
  }
}

/** Where a text that stops too early ends, in the shape of a match. */
function endOf(text: string): [string, string, string] {
  const lines = text.split('\n');
  return ['', String(lines.length), String((lines.at(-1)?.length ?? 0) + 1)];
}
