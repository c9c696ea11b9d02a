// The load generator, a process of its own: a fixed rate of requests to each service, in turn over a connection that is
// kept and over a fresh one.
import { Agent, get } from 'node:http';
import { machineMs } from '../clock.ts';
import type { FromLoad, Noted, Target, ToLoad } from './messages.ts';

/** No answer within this time is none, in milliseconds. */
const ANSWER_MS = 5000;
/** An answer that took longer is noted, in milliseconds. */
const SLOW_MS = 250;
const TICK_MS = 250;
const STEP_MS = 5;

const kept = new Agent({ keepAlive: true, maxSockets: 4 });
let targets: readonly Target[] = [];
let ratePerSecond = 0;
let isPaused = true;
let beganMs = 0;
let sentRounds = 0;
let open = 0;
let answered: Record<string, number> = {};
let noted: Noted[] = [];

process.on('message', (message: ToLoad) => {
  if (message.type === 'pause') {
    isPaused = true;
    tellIfPaused();
    return;
  }
  if (message.type === 'begin') ({ targets, ratePerSecond } = message);
  isPaused = false;
  beganMs = machineMs();
  sentRounds = 0;
});
// Whoever started it is gone.
process.once('disconnect', () => process.exit());
setInterval(step, STEP_MS);
setInterval(tick, TICK_MS);

/** Sends what is due by now: the rate is kept even when this process was late. */
function step(): void {
  if (isPaused) return;
  const dueRounds = Math.floor(((machineMs() - beganMs) * ratePerSecond) / 1000);
  for (; sentRounds < dueRounds; sentRounds += 1) {
    for (const target of targets) send(target, sentRounds % 2 === 0);
  }
}

/** @param sentMs when it was sent for the first time */
function send(target: Target, isKept: boolean, sentMs: number = machineMs()): void {
  const { service, url } = target;
  open += 1;
  let isOver = false;
  const end = (reason: string | null): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    open -= 1;
    const endedMs = machineMs();
    if (reason === null) answered[service] = (answered[service] ?? 0) + 1;
    if (reason !== null || endedMs - sentMs > SLOW_MS) noted.push({ service, sentMs, endedMs, reason });
    tellIfPaused();
  };
  const request = get(url, { agent: isKept ? kept : false }, (response) => {
    response.resume();
    response.once('end', () => end(response.statusCode === 200 ? null : `status ${response.statusCode}`));
    response.once('close', () => end('the answer was cut off'));
  });
  const timer = setTimeout(() => {
    end(`no answer in ${ANSWER_MS} ms`);
    request.destroy();
  }, ANSWER_MS);
  request.on('error', (error: NodeJS.ErrnoException) => {
    // The server had closed the idle connection while the request was on its way: every client sends it again
    // (RFC 9110, 9.2.2; Node's documentation of request.reusedSocket).
    const isRace = request.reusedSocket && error.code === 'ECONNRESET' && !isOver;
    if (!isRace) return end(error.code ?? error.message);
    isOver = true;
    clearTimeout(timer);
    open -= 1;
    send(target, false, sentMs);
  });
}

function tellIfPaused(): void {
  if (!isPaused || open > 0) return;
  kept.destroy();
  tick();
  post({ type: 'paused' });
}

function tick(): void {
  if (Object.keys(answered).length === 0 && noted.length === 0) return;
  post({ type: 'tick', answered, noted });
  answered = {};
  noted = [];
}

function post(message: FromLoad): void {
  // Whoever started it may be gone by now: 'disconnect' says so.
  process.send?.(message, undefined, undefined, () => undefined);
}
