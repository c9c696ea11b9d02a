// Network addresses inside texts: `http://orders:3000/x`, `localhost:3001`. Pure.

/** One address as it stands in a text. */
export interface Address {
  /** The address itself: scheme, credentials, host and port, without a path. */
  readonly text: string;
  /** Where it begins in the text. */
  readonly index: number;
  /** In lower case; null for a bare `host:port`. */
  readonly scheme: string | null;
  /** `user:password@`, or empty. */
  readonly credentials: string;
  /** In lower case, IPv6 in brackets. */
  readonly host: string;
  readonly port: number | null;
}

const URLS =
  /([a-z][a-z0-9+.-]*):\/\/([^\s/@:,]*(?::[^\s/@,]*)?@)?(\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?/gi;
const BARE = /(?<=^|,)\s*(\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?):(\d{2,5})\s*(?=$|,)/gi;

/** All addresses of a text. A bare `host:port` counts only when the text is a list of such. */
export function addressesIn(text: string): Address[] {
  const urls = [...text.matchAll(URLS)].map(
    ({ 0: found, 1: scheme = '', 2: credentials = '', 3: host = '', 4: port, index }): Address => ({
      text: found,
      index,
      scheme: scheme.toLowerCase(),
      credentials,
      host: host.toLowerCase(),
      port: port === undefined ? null : Number(port),
    }),
  );
  if (urls.length > 0) return urls;
  return [...text.matchAll(BARE)].map(({ 0: found, 1: host = '', 2: port, index }) => ({
    text: found.trim(),
    index: index + found.length - found.trimStart().length,
    scheme: null,
    credentials: '',
    host: host.toLowerCase(),
    port: Number(port),
  }));
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '0.0.0.0', '[::1]', '[::]', 'host.docker.internal'];

/** True for a host that is this machine. */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOSTS.includes(host);
}

/** The values of `--port 3001`, `--port=3001` and `-p 3001` in the arguments of a program. */
export function portArguments(args: readonly string[]): number[] {
  return args.flatMap((word, index) => {
    const inline = /^(?:--port|-p)=?(\d+)$/.exec(word)?.[1];
    const value = inline ?? (/^(?:--port|-p)$/.test(word) ? args[index + 1] : undefined);
    const port = Number(value ?? Number.NaN);
    return Number.isInteger(port) && port > 0 && port < 65_536 ? [port] : [];
  });
}
