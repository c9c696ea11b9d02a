// What a service may say to main. It can find the way to main and say anything: main believes only what has this form.
import { tmpdir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import type { ErrorData } from '../errors.ts';
import type { LoadedModules } from '../module-image.ts';
import { covers } from '../paths.ts';
import { isSocketFile } from '../platform.ts';
import type {
  FromGroup,
  FromInside,
  FromThread,
  ModuleCodes,
  StartMessage,
  StopStep,
  ThreadWires,
} from '../protocol.ts';

/** A longer text is cut: one error must not fill the memory of main. */
const LONGEST_TEXT = 64 * 1024;
const LONGEST_LIST = 1000;
/** Of one service, and of places where they are required. */
const MOST_MODULES = 200_000;
/** Larger rings are not ours. */
const LARGEST_RING_BYTES = 1024 * 1024;
const RING_HEADER_BYTES = 16;

/** Main has something to answer for: the service that said it is named in its own output. */
export const MALFORMED_LINE =
  'uber: the service has sent the launcher a message that it does not understand.\n';

/**
 * The message with only what belongs to it, or undefined when it is none.
 * @param start of the incarnation that has said it
 */
export function checkMessage(value: unknown, start: StartMessage): FromInside | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const message = value as Record<string, unknown>;
  const { type } = message;
  if (typeof type !== 'string' || !Object.hasOwn(CHECKS, type)) return undefined;
  return CHECKS[type as FromInside['type']](message, start);
}

/** The same for what comes from a thread: also its wake-up call, and threads it has made. */
export function checkThreadMessage(value: unknown, start: StartMessage): FromThread | undefined {
  if (value === null) return null;
  const wires = value as Partial<ThreadWires> & { type?: unknown };
  if (typeof value !== 'object' || wires.type !== 'thread') return checkMessage(value, start);
  const { control, logs = null, answers } = wires;
  const isCounter = types.isSharedArrayBuffer(answers) && answers.byteLength === 4;
  if (!(control instanceof MessagePort) || !isCounter || (logs !== null && !isRing(logs))) return undefined;
  return { type: 'thread', control, logs, answers };
}

/** The same for what comes from a thread of several services about one of them, or about itself. */
export function checkGroupMessage(value: unknown): FromGroup | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const message = value as Record<string, unknown>;
  const { type, id, exitCode } = message;
  if (type === 'ended' && typeof id === 'number' && typeof exitCode === 'number')
    return { type, id, exitCode };
  const error = type === 'crashed' ? errorOf(message) : undefined;
  return error && { type: 'crashed', error };
}

type Check = (message: Record<string, unknown>, start: StartMessage) => FromInside | undefined;

const CHECKS: Readonly<Record<FromInside['type'], Check>> = {
  listening: ({ isMain, asked, port, scheme }) =>
    typeof isMain === 'boolean' && isPort(asked) && isPort(port) && (scheme === 'http' || scheme === 'https')
      ? { type: 'listening', isMain, asked, port, scheme }
      : undefined,
  udp: ({ port }) => (isPort(port) ? { type: 'udp', port } : undefined),
  socket: ({ asked, path }, start) =>
    isText(asked) && isText(path) && isOwnSocket(path, start) ? { type: 'socket', asked, path } : undefined,
  closed: () => ({ type: 'closed' }),
  begun: () => ({ type: 'begun' }),
  started: () => ({ type: 'started' }),
  'port-stolen': ({ asked }) =>
    asked === null || isPort(asked) ? { type: 'port-stolen', asked } : undefined,
  failed: (message) => {
    const error = errorOf(message);
    return error && { type: 'failed', error };
  },
  uncaught: (message) => {
    const error = errorOf(message);
    return error && { type: 'uncaught', error, isRejection: message.isRejection === true };
  },
  'stop-failed': (message) => {
    const error = errorOf(message);
    return error && { type: 'stop-failed', error };
  },
  singleton: ({ what, other, advice }) =>
    isText(what) && isText(other) && isText(advice) ? { type: 'singleton', what, other, advice } : undefined,
  'left-open': ({ open }) => (isList(open) ? { type: 'left-open', open: open.map(cut) } : undefined),
  pong: ({ open, stopStep }) =>
    (open === null || isList(open)) && isStopStep(stopStep)
      ? { type: 'pong', open: open?.map(cut) ?? null, stopStep }
      : undefined,
  exit: ({ exitCode, stack }) =>
    typeof exitCode === 'number' && typeof stack === 'string'
      ? { type: 'exit', exitCode, stack: cut(stack) }
      : undefined,
  compile: ({ path }) => (isText(path) ? { type: 'compile', path } : undefined),
  modules: ({ loaded }) => {
    const { paths, resolutions } = (loaded ?? {}) as Partial<Record<string, unknown>>;
    return isListOf(paths, isText) && isListOf(resolutions, isResolution)
      ? { type: 'modules', loaded: { paths, resolutions } }
      : undefined;
  },
  codes: ({ codes }) => (isListOf(codes, isCode) ? { type: 'codes', codes } : undefined),
  child: ({ pid }) => (isPid(pid) ? { type: 'child', pid } : undefined),
  'child-ended': ({ pid }) => (isPid(pid) ? { type: 'child-ended', pid } : undefined),
};

function errorOf({ error: value }: Record<string, unknown>): ErrorData | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message, stack } = value as Partial<Record<keyof ErrorData, unknown>>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  if (stack !== null && typeof stack !== 'string') return undefined;
  return { code: cut(code), message: cut(message), stack: stack === null ? null : cut(stack) };
}

function isList(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= LONGEST_LIST &&
    value.every((text) => typeof text === 'string' && text.length <= LONGEST_TEXT)
  );
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= MOST_MODULES && value.every(isItem);
}

function isResolution(value: unknown): value is LoadedModules['resolutions'][number] {
  return Array.isArray(value) && value.length === 3 && value.every(isText);
}

function isCode(value: unknown): value is ModuleCodes[number] {
  return Array.isArray(value) && value.length === 2 && isText(value[0]) && types.isUint8Array(value[1]);
}

function isStopStep(value: unknown): value is StopStep | null {
  return value === null || value === 'hook' || value === 'signal' || value === 'servers';
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}

/** The group of 1 is every process there is, that of 0 our own (kill(2)). */
function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 1;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT;
}

/** Main removes sockets at the end of the run: no other file may be named as one. */
function isOwnSocket(path: string, { dataDir, runId }: StartMessage): boolean {
  if (!isSocketFile(path)) return true;
  if (resolve(path) !== path) return false;
  const isMoved = dirname(path) === resolve(tmpdir()) && basename(path).startsWith(`uber-${runId}-`);
  return isMoved || covers([dataDir], path);
}

function isRing(value: unknown): value is SharedArrayBuffer {
  if (!types.isSharedArrayBuffer(value)) return false;
  const bytes = value.byteLength - RING_HEADER_BYTES;
  // The positions are masked: only a power of two has a mask.
  return bytes >= RING_HEADER_BYTES && bytes <= LARGEST_RING_BYTES && (bytes & (bytes - 1)) === 0;
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
}
