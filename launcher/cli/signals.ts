// What ^C and its relatives do to a run in the foreground.

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * One press may arrive twice: npm passes on what the terminal has sent to us already, and tools such as `timeout` signal
 * the process and its group. What comes within this time is the same press.
 */
const SAME_PRESS_MS = 100;
const SAME_PRESS_UNDER_NPM_MS = 300;

interface SignalHandlers {
  /** The first signal: stop in order. */
  readonly onFirst: (signal: NodeJS.Signals) => void;
  /** The second: end at once. */
  readonly onSecond: (signal: NodeJS.Signals) => void;
}

/** Listens for the signals that end a run. They stay caught until the process ends itself. */
export function onStopSignals({ onFirst, onSecond }: SignalHandlers): void {
  const samePressMs = process.env.npm_lifecycle_event === undefined ? SAME_PRESS_MS : SAME_PRESS_UNDER_NPM_MS;
  let firstMs: number | null = null;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (firstMs === null) {
        firstMs = performance.now();
        onFirst(signal);
      } else if (performance.now() - firstMs > samePressMs) {
        onSecond(signal);
      }
    });
  }
}
