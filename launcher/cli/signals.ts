// What ^C and its relatives do to a run in the foreground.

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** npm passes a signal on that the terminal has sent to us already: the second within this time is the same ^C. */
const SAME_PRESS_UNDER_NPM_MS = 300;

interface SignalHandlers {
  /** The first signal: stop in order. */
  readonly onFirst: (signal: NodeJS.Signals) => void;
  /** The second: end at once. */
  readonly onSecond: (signal: NodeJS.Signals) => void;
}

/** Listens for the signals that end a run. They stay caught until the process ends itself. */
export function onStopSignals({ onFirst, onSecond }: SignalHandlers): void {
  const samePressMs = process.env.npm_lifecycle_event === undefined ? 0 : SAME_PRESS_UNDER_NPM_MS;
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
