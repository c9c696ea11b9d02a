// Lines of the services for people: a name before each, JSON made readable by pino-pretty.
import type { LogLevel, LogLine } from '../../types.ts';
import type { Paint } from './text.ts';

const NAME_COLORS = ['cyan', 'magenta', 'green', 'yellow', 'blue', 'red'] as const;

type Prettify = (fields: unknown) => string;

/** Formats lines. The formatter is loaded for the first line of JSON, and those that come meanwhile wait for it. */
export class LogLines {
  readonly #paint: Paint;
  readonly #write: (text: string) => void;
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #hasColor: boolean;
  #prettify: Prettify | null = null;
  /** What waits for the formatter; null when nothing has to. */
  #early: (() => void)[] | null = null;
  #loaded: Promise<void> | null = null;

  /** @param services every service that may write, for the width of the names */
  constructor(
    services: readonly string[],
    { paint, hasColor }: { readonly paint: Paint; readonly hasColor: boolean },
    write: (text: string) => void,
  ) {
    this.#paint = paint;
    this.#hasColor = hasColor;
    this.#write = write;
    const width = Math.max(...services.map((name) => name.length));
    this.#prefixes = new Map(
      services.map((name, index) => {
        const color = NAME_COLORS[index % NAME_COLORS.length] ?? 'cyan';
        return [name, `${paint(color, `${name.padEnd(width)} |`)} `];
      }),
    );
  }

  /** Resolves when no line waits any more. */
  settled(): Promise<void> {
    return this.#loaded ?? Promise.resolve();
  }

  /** Takes 15 ms of CPU, which a run whose services write plain text does not pay. */
  async #load(): Promise<void> {
    this.#early = [];
    // It cannot be read when too many files are open: then JSON is shown as it came.
    const formatter = await import('./pino-pretty.ts').catch(() => null);
    this.#prettify =
      formatter?.prettyFactory({
        colorize: this.#hasColor,
        singleLine: true,
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname,name,service',
      }) ?? null;
    const early = this.#early;
    this.#early = null;
    for (const write of early) write();
  }

  /** Does it now, or behind the lines that are held back. */
  inOrder(write: () => void): void {
    if (this.#early === null) write();
    else this.#early.push(write);
  }

  write(line: LogLine): void {
    if (line.fields !== null) this.#loaded ??= this.#load();
    this.inOrder(() => this.#writeNow(line));
  }

  #writeNow(line: LogLine): void {
    const prefix = this.#prefixes.get(line.service) ?? `${line.service} | `;
    const rows = this.#format(line).split('\n');
    this.#write(`${rows.map((row) => prefix + row).join('\n')}\n`);
  }

  /** Null for a record that pino-pretty does not understand, such as those of log4js: it is shown as it came. */
  #readable(written: Readonly<Record<string, unknown>>, stated: LogLevel): string | null {
    // Records for Google Cloud have `severity` in place of `level`.
    const { message, severity, ...fields }: Record<string, unknown> = written;
    if (fields.level === undefined && severity === undefined) return null;
    try {
      // winston says `message` where pino says `msg`.
      const rest = message === undefined ? {} : 'msg' in fields ? { message } : { msg: message };
      const level =
        fields.level === undefined ? { level: stated } : severity === undefined ? {} : { severity };
      const record = { ...fields, ...rest, ...level };
      return this.#prettify?.(record).trimEnd() ?? null;
    } catch {
      return null; // Whatever a service writes must not end the run.
    }
  }

  #format({ text, fields, level }: LogLine): string {
    const readable = fields === null ? null : this.#readable(fields, level);
    if (readable !== null) return readable;
    if (level === 'error' || level === 'fatal') return this.#paint('red', text);
    return level === 'warn' ? this.#paint('yellow', text) : text;
  }
}
