// The other end of the control socket: asks a live run.
import { createConnection, type Socket } from 'node:net';
import { UberError } from '../errors.ts';
import { type ControlAnswer, readControlAccess } from './control-protocol.ts';

/** How long a run may take to accept a connection, or to answer, in milliseconds. */
const ANSWER_MS = 5000;
const LARGEST_ANSWER = 64 * 1024 * 1024;

/**
 * Asks a run once.
 * @param runFolder folder of the run
 * @throws UberError `NOT_RUNNING` when nobody answers there, `TIMED_OUT`, or what the run itself says
 */
export async function callControl(
  runFolder: string,
  method: string,
  params: unknown = null,
  answerMs: number = ANSWER_MS,
): Promise<unknown> {
  const access = readControlAccess(runFolder);
  if (access === null) throw notRunning(runFolder);
  const socket = createConnection(access.address);
  try {
    const text = await withTimeout<string>(socket, answerMs, (resolve, reject) => {
      const parts: Buffer[] = [];
      let size = 0;
      socket.on('data', (bytes: Buffer) => {
        parts.push(bytes);
        size += bytes.length;
        if (size > LARGEST_ANSWER) reject(notRunning(runFolder));
        else if (bytes.includes('\n')) resolve(Buffer.concat(parts).toString('utf8'));
      });
      socket.once('error', (cause) => reject(notRunning(runFolder, cause)));
      socket.once('close', () => reject(notRunning(runFolder)));
      socket.write(`${JSON.stringify({ id: 1, token: access.token, method, params })}\n`);
    });
    const answer = JSON.parse(text.slice(0, text.indexOf('\n'))) as ControlAnswer;
    if ('error' in answer) throw new UberError('USAGE', answer.error.message);
    return answer.result;
  } finally {
    socket.destroy();
  }
}

/**
 * True when the control socket of a run accepts a connection. False says little before the run is up: its socket is
 * opened then.
 */
export async function isRunAlive(runFolder: string): Promise<boolean> {
  const access = readControlAccess(runFolder);
  if (access === null) return false;
  const socket = createConnection(access.address);
  try {
    return await withTimeout(socket, ANSWER_MS, (resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

type Settle<Result> = (resolve: (result: Result) => void, reject: (error: Error) => void) => void;

function withTimeout<Result>(socket: Socket, ms: number, settle: Settle<Result>): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new UberError('TIMED_OUT', `The run did not answer within ${ms} ms.`)),
      ms,
    );
    socket.once('close', () => clearTimeout(timer));
    settle(resolve, reject);
  });
}

function notRunning(runFolder: string, cause?: unknown): UberError {
  return new UberError('NOT_RUNNING', `No run answers in ${runFolder}.`, { cause });
}
