// What a command writes: for people, or one JSON object a line.
import type { UberError } from '../../errors.ts';
import type { FlowControl } from '../../logs/log-pump.ts';
import { errorEvent, formatError, formatWarning } from './error-text.ts';
import { Stdout } from './stdout.ts';
import { createPaint, type Paint, wantsColor } from './text.ts';

/** Where a command's results go. Made once a process. */
export interface Output {
  readonly isJson: boolean;
  readonly hasColor: boolean;
  readonly paint: Paint;
  readonly flow: FlowControl;
  /** Text for people; nothing when JSON is asked for. */
  line(text: string): void;
  /** An event; nothing when text is asked for. */
  event(event: Readonly<Record<string, unknown>>): void;
  /** A failure, and for people what follows: on stderr for them, an event otherwise. */
  error(error: UberError, next?: string | null): void;
  /** Something that went wrong and is dealt with: on stderr for people. JSON has events of its own for it. */
  warning(error: UberError, next: string | null): void;
  /** Calls back when the reader of stdout has gone away. */
  onGone(callback: () => void): void;
  /** Resolves when all is written. */
  end(): Promise<void>;
}

/** Makes the output of this process. */
export function createOutput({ json, color }: { json: boolean; color: boolean | undefined }): Output {
  const stdout = new Stdout();
  const hasColor = wantsColor(color, process.env, process.stdout.isTTY === true);
  const paint = createPaint(hasColor);
  const errorPaint = createPaint(wantsColor(color, process.env, process.stderr.isTTY === true));
  let toldHint: string | null = null;
  return {
    isJson: json,
    hasColor,
    paint,
    flow: stdout.flow,
    line: (text) => {
      if (!json) stdout.write(`${text}\n`);
    },
    event: (event) => {
      if (json) stdout.write(`${JSON.stringify(event)}\n`);
    },
    error: (error, next = null) => {
      if (json) stdout.write(`${JSON.stringify(errorEvent(error))}\n`);
      else process.stderr.write(`${formatError(error, next, errorPaint)}\n`);
    },
    warning: (error, next) => {
      if (json) return;
      process.stderr.write(`${formatWarning(error, next, { paint: errorPaint, toldHint })}\n`);
      toldHint = error.hint;
    },
    onGone: (callback) => {
      stdout.onGone = callback;
    },
    end: () => stdout.end(),
  };
}
