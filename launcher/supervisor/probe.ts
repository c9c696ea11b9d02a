// The readiness probe: asks a service over HTTP until it answers with a status that counts.
import { setTimeout as pause } from 'node:timers/promises';

interface ProbeOptions {
  readonly url: string;
  readonly status: readonly [number, number];
  readonly intervalMs: number;
  /** Ends the probe. */
  readonly signal: AbortSignal;
  /** Called after each try that did not succeed, with what to say about all of them. */
  readonly onMiss: (reason: string) => void;
}

/** Longest wait for one answer, in milliseconds. */
const ANSWER_MS = 5000;

/** Resolves at the first answer that counts; rejects only when `signal` aborts. */
export async function probeHttp({
  url,
  status: [lowest, highest],
  intervalMs,
  signal,
  onMiss,
}: ProbeOptions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask(url, signal);
    if (typeof answer === 'number' && answer >= lowest && answer <= highest) return;
    const said = typeof answer === 'number' ? `answered ${answer}` : `failed with ${answer}`;
    onMiss(`GET ${url} ${said} (${tries} ${tries === 1 ? 'try' : 'tries'})`);
    await pause(intervalMs, undefined, { signal });
  }
}

/** The status of the answer, or the code of the error. */
function ask(url: string, signal: AbortSignal): Promise<number | string> {
  // Not imported above: that would load undici, http2 and tls, 30 ms and 5 MB for runs that have no probe.
  const client = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve) => {
    // A certificate on loopback is the service's own: who it is, is not what the probe asks.
    const options = { agent: false, timeout: ANSWER_MS, signal, rejectUnauthorized: false };
    const request = client.get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('no answer'), { code: 'a timeout' })),
    );
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
