// What is said on the control socket of a run: one JSON object a line, in both directions. Pure, but for the file.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A longer request is refused, in bytes. */
export const LONGEST_REQUEST_BYTES = 64 * 1024;

/** Where a run says how it can be reached; no service can have this name. */
const CONTROL_FILE = '_control.json';

/** What a client asks. */
export interface ControlRequest {
  /** Stands in the answer. */
  readonly id: string | number;
  readonly token: string;
  readonly method: string;
  readonly params: unknown;
}

/** What it gets. */
export type ControlAnswer =
  | { readonly id: string | number | null; readonly result: unknown }
  | {
      readonly id: string | number | null;
      readonly error: { readonly code: string; readonly message: string };
    };

/** Content of the control file: who can read it may control the run. */
export interface ControlAccess {
  /** Path of the Unix socket, or name of the pipe. */
  readonly address: string;
  readonly token: string;
}

/** Path of the control file of a run. */
export function controlFile(runFolder: string): string {
  return join(runFolder, CONTROL_FILE);
}

/** How a run can be reached; null when it does not say, or not to this user. */
export function readControlAccess(runFolder: string): ControlAccess | null {
  try {
    const value: unknown = JSON.parse(readFileSync(controlFile(runFolder), 'utf8'));
    const { address, token } = (value ?? {}) as Partial<Record<keyof ControlAccess, unknown>>;
    return typeof address === 'string' && typeof token === 'string' ? { address, token } : null;
  } catch {
    return null; // None, or half of one.
  }
}

/** The request in a line; null for anything else. */
export function parseRequest(line: Uint8Array): ControlRequest | null {
  const value = parseLine(line);
  if (typeof value !== 'object' || value === null) return null;
  const own = (key: keyof ControlRequest): unknown =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  const [id, token, method] = [own('id'), own('token'), own('method')];
  const isId = (typeof id === 'string' && id.length <= 100) || Number.isSafeInteger(id);
  if (!isId || typeof token !== 'string' || typeof method !== 'string') return null;
  return { id: id as string | number, token, method, params: own('params') ?? null };
}

function parseLine(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    return null; // No UTF-8, or no JSON.
  }
}

/** Compares in constant time, whatever the lengths. */
export function isSameToken(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
