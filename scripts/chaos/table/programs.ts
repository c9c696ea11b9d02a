// The programs of the service that has a fault, as sources. Each notes what it is about to do as its last line.

/** What {@link failsWhenAsked} writes before its fault. */
export const ABOUT_TO_FAIL = 'about to fail';
/** What {@link stopsLike} writes when it is asked to stop. */
export const STOPPING = 'stopping';

/**
 * Answers; the path `/fault` with the moment of its fault (`process.hrtime.bigint()`), which follows on the answer.
 * @param deed the fault: statements
 * @param head statements that run before it listens
 */
export function failsWhenAsked(deed: string, head = ''): string {
  return `
import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { MessagePort } from 'node:worker_threads';

${head}
function fail() {
  ${deed}
}
createServer((request, response) => {
  response.setHeader('connection', 'close');
  if (request.url === '/say') console.log('${ABOUT_TO_FAIL}');
  if (request.url !== '/fault') return void response.end('foo');
  console.log('${ABOUT_TO_FAIL}');
  response.end(String(process.hrtime.bigint()), () => setImmediate(fail));
}).listen(3000);
`;
}

/**
 * Answers, and has a hook for its stop.
 * @param stop what the hook does: statements
 * @param start what its start does: statements
 */
export function stopsLike(stop: string, start = 'return answer;'): string {
  return `
import { createServer } from 'node:http';

const answer = (request, response) => response.end('foo');
export default {
  start() {
    ${start}
  },
  async stop() {
    console.log('${STOPPING}');
    ${stop}
  },
};
`;
}

/** Its second start never settles; the others do. */
export const HANGS_AT_SECOND_START = `
import { appendFileSync, readFileSync } from 'node:fs';

const lives = process.env.UBER_DATA_DIR + '/lives';
export default {
  start() {
    appendFileSync(lives, 'x');
    if (readFileSync(lives, 'utf8') === 'xx') {
      console.log('waiting for the broker');
      return new Promise(() => setInterval(() => undefined, 1000));
    }
    return (request, response) => {
      response.setHeader('connection', 'close');
      if (request.url !== '/fault') return void response.end('foo');
      response.end(String(process.hrtime.bigint()), () => setImmediate(() => process.exit(3)));
    };
  },
};
`;

/** Waits in the system for a process that ends after so many milliseconds, or with the data directory of the run. */
export function waitInNativeCode(ms: number | null): string {
  const own =
    ms === null
      ? "setInterval(() => require('node:fs').existsSync(process.argv[1]) || process.exit(), 20)"
      : `setTimeout(() => undefined, ${ms})`;
  return `execFileSync(process.execPath, ['-e', ${JSON.stringify(own)}, process.env.UBER_DATA_DIR]);`;
}

/** Finds its way to the launcher: in a thread the port on which anything is posted, in a process descriptor 3. */
export const FINDS_LAUNCHER = `
const post = MessagePort.prototype.postMessage;
let port = null;
MessagePort.prototype.postMessage = function (...args) {
  port = this;
  return post.apply(this, args);
};
`;

/** Says to the launcher what it does not understand, and what would do harm if it were believed. */
export const TALKS_NONSENSE = `
  const nonsense = [5, 'x', [], {}, { type: 'exit' }, { type: '__proto__' }, { type: 'child', pid: 1 },
    { type: 'socket', asked: 'a', path: '/nowhere/precious' }];
  for (const each of nonsense) {
    if (port === null) writeSync(3, JSON.stringify(each) + '\\n{\\n');
    else post.call(port, each);
  }
`;
