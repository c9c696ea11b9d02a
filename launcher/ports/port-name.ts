// What a port beside the main one is called. Pure.

/**
 * The name a user knows it by: the one of the configuration, else that of a variable such as `METRICS_PORT=9090`, else
 * the port the program asks for.
 * @param asked 0 when the program leaves the choice open
 * @param configured name -> port, as in the configuration
 * @param env of the service
 */
export function portName(
  asked: number,
  configured: Readonly<Record<string, number>>,
  env: Readonly<Record<string, string>>,
): string | null {
  if (asked === 0) return null;
  const [name] = Object.entries(configured).find(([, port]) => port === asked) ?? [];
  if (name !== undefined) return name;
  const [key] =
    Object.entries(env).find(([key, value]) => key.endsWith(ENDING) && value === String(asked)) ?? [];
  const word = key?.slice(0, -ENDING.length).toLowerCase().replaceAll('_', '-');
  return word === undefined || word === '' ? String(asked) : word;
}

const ENDING = '_PORT';
