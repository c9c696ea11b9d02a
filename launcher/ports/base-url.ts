// The URL by which a bound address is called.

const WILDCARDS: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** Base URL without a trailing slash. A service bound to every address is called on the loopback one. */
export function baseUrl(host: string, port: number, scheme: 'http' | 'https' | 'udp' = 'http'): string {
  const name = WILDCARDS[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `${scheme}://${name}:${port}`;
}
