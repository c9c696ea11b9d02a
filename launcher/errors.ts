// The one error class of the launcher, and the table of everything that can go wrong.

/**
 * Every code a caller can meet, with whose fault it is (`user` gets one line and a hint, `ours` adds a stack)
 * and the exit code of the command line.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: { fault: 'user', exitCode: 2 },
  CONFIG_UNREADABLE: { fault: 'user', exitCode: 2 },
  USAGE: { fault: 'user', exitCode: 2 },
  NO_SERVICES: { fault: 'user', exitCode: 2 },
  UNKNOWN_SERVICE: { fault: 'user', exitCode: 2 },
  UNKNOWN_GROUP: { fault: 'user', exitCode: 2 },
  RESERVED_NAME: { fault: 'user', exitCode: 2 },
  INVALID_NAME: { fault: 'user', exitCode: 2 },
  NAME_CLASH: { fault: 'user', exitCode: 2 },
  ENTRY_NOT_FOUND: { fault: 'user', exitCode: 2 },
  DEPENDENCY_MISSING: { fault: 'user', exitCode: 2 },
  DEPENDENCY_CYCLE: { fault: 'user', exitCode: 2 },
  PORT_PINNED_TWICE: { fault: 'user', exitCode: 2 },
  HOST_INVALID: { fault: 'user', exitCode: 2 },
  ENV_UNREADABLE: { fault: 'user', exitCode: 2 },
  RESOURCE_INVALID: { fault: 'user', exitCode: 2 },
  DATA_DIR_FAILED: { fault: 'user', exitCode: 1 },
  TOO_MANY_FILES: { fault: 'user', exitCode: 1 },
  PORT_BUSY: { fault: 'user', exitCode: 1 },
  PORT_STOLEN: { fault: 'user', exitCode: 1 },
  BUILD_FAILED: { fault: 'user', exitCode: 1 },
  LOAD_FAILED: { fault: 'user', exitCode: 1 },
  START_FAILED: { fault: 'user', exitCode: 1 },
  NEVER_LISTENED: { fault: 'user', exitCode: 1 },
  LISTENED_TWICE: { fault: 'user', exitCode: 1 },
  NOT_READY: { fault: 'user', exitCode: 1 },
  EXITED: { fault: 'user', exitCode: 1 },
  CRASHED: { fault: 'user', exitCode: 1 },
  UNHANDLED_REJECTION: { fault: 'user', exitCode: 1 },
  OUT_OF_MEMORY: { fault: 'user', exitCode: 1 },
  STACK_OVERFLOW: { fault: 'user', exitCode: 1 },
  THREAD_ENDED: { fault: 'user', exitCode: 1 },
  SHARED_SINGLETON: { fault: 'user', exitCode: 1 },
  BLOCKED: { fault: 'user', exitCode: 1 },
  LOG_FLOOD: { fault: 'user', exitCode: 1 },
  STOP_IGNORED: { fault: 'user', exitCode: 1 },
  STOP_FAILED: { fault: 'user', exitCode: 1 },
  LEFT_OPEN: { fault: 'user', exitCode: 1 },
  RUN_DIED: { fault: 'user', exitCode: 1 },
  STOPPED_EARLY: { fault: 'user', exitCode: 1 },
  NOT_RUNNING: { fault: 'user', exitCode: 3 },
  TIMED_OUT: { fault: 'user', exitCode: 4 },
  INTERNAL: { fault: 'ours', exitCode: 1 },
} as const satisfies Record<string, { fault: 'user' | 'ours'; exitCode: number }>;

/** A key of the code table. Callers compare codes, never texts. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error becomes when it crosses a thread: plain data (a class would be lost on the way). */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
}

/** What may stand beside the message of an {@link UberError}. */
export interface UberErrorDetails {
  /** The service it is about. */
  readonly service?: string;
  /** What to do about it: one sentence. */
  readonly hint?: string;
  /** The service's own last lines, oldest first. */
  readonly lastLines?: readonly string[];
  /** The service's own stack, already mapped to its sources. */
  readonly serviceStack?: string;
  readonly cause?: unknown;
}

/**
 * The one error of the launcher. `message` says what failed and with which value; `hint` says what to do.
 */
export class UberError extends Error {
  override readonly name = 'UberError';
  readonly code: ErrorCode;
  readonly service: string | null;
  readonly hint: string | null;
  readonly lastLines: readonly string[];
  readonly serviceStack: string | null;

  constructor(code: ErrorCode, message: string, details: UberErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.service = details.service ?? null;
    this.hint = details.hint ?? null;
    this.lastLines = details.lastLines ?? [];
    this.serviceStack = details.serviceStack ?? null;
  }
}

/** The same error as one about a service, unless it names one already. */
export function aboutService(error: UberError, service: string): UberError {
  return error.service === null ? amended(error, { service }) : error;
}

/** The same error with another message, or about a service. */
export function amended(
  error: UberError,
  { message = error.message, service = error.service }: { message?: string; service?: string | null },
): UberError {
  const { code, hint, lastLines, serviceStack, cause } = error;
  return new UberError(code, message, {
    lastLines,
    cause,
    ...(service === null ? {} : { service }),
    ...(hint === null ? {} : { hint }),
    ...(serviceStack === null ? {} : { serviceStack }),
  });
}

/** The error itself when it is ours to show, else an `INTERNAL` one that keeps it as cause. */
export function toUberError(error: unknown): UberError {
  if (error instanceof UberError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const limit = tooManyFiles(message, { cause: error }) ?? diskFull(message, { cause: error });
  if (limit !== null) return limit;
  return new UberError('INTERNAL', message, { cause: error });
}

/** What failed because too many files are open, told as that; null when the message does not say so. */
export function tooManyFiles(message: string, details: UberErrorDetails = {}): UberError | null {
  if (/\bENFILE\b/.test(message)) {
    const hint = 'All programs of this machine together have too many files open: end some of them.';
    return new UberError('TOO_MANY_FILES', message, { ...details, hint });
  }
  // By its number where libuv loses the name: uv_interface_addresses.
  if (!/\bEMFILE\b|system error -?24\b/.test(message)) return null;
  const limit = openFilesLimit();
  const most = limit === null ? '' : ` This process may have ${limit} files and sockets open.`;
  return new UberError('TOO_MANY_FILES', `${message.replace(/\.$/, '')}.${most}`, {
    ...details,
    hint: 'Raise the limit in the shell that starts uber (ulimit -n 4096), or start fewer services at once.',
  });
}

/** What failed because a disk is full, told as that; null when the message does not say so. */
export function diskFull(message: string, details: UberErrorDetails = {}): UberError | null {
  if (!/\b(?:ENOSPC|EDQUOT)\b/.test(message)) return null;
  return new UberError('DATA_DIR_FAILED', `The disk is full: ${message}`, {
    ...details,
    hint: 'Make room there. The next start removes what runs that were killed have left.',
  });
}

/** Needs no file itself: it asks the system by getrlimit(2). */
function openFilesLimit(): string | null {
  const report = process.report as { excludeNetwork?: boolean; getReport(): object } | undefined;
  if (report === undefined) return null;
  // Network facts take a second on some machines.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  return userLimits?.open_files === undefined ? null : String(userLimits.open_files.soft);
}
