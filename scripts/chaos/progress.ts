// Tells how far a long run is: one line that is rewritten in a terminal, a line now and then elsewhere.

/** Pause between two lines, in milliseconds. */
const IN_TERMINAL_MS = 1000;
const ELSEWHERE_MS = 30_000;

/** Returns the function that tells; it drops what comes too soon after the last. */
export function createProgress(stream: NodeJS.WriteStream): (text: string) => void {
  const betweenMs = stream.isTTY ? IN_TERMINAL_MS : ELSEWHERE_MS;
  let lastMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < betweenMs) return;
    lastMs = nowMs;
    stream.write(stream.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  };
}
