// What all services of a chaos run can do: answer, write numbered lines, and misbehave when they are asked to.
const { createServer } = require('node:http');
const { randomUUID } = require('node:crypto');

const life = randomUUID().slice(0, 8);
const EVERY = 50;
let lines = 0;
let requests = 0;
/** What a stop hook waits for. */
let mayStop = Promise.resolve();

function say(what) {
  lines += 1;
  console.log(`chaos ${life} ${lines} ${what}`);
}

function deeper() {
  return deeper() + 1;
}

const FAULTS = {
  throw: () =>
    setTimeout(() => {
      throw new Error('thrown in a timer');
    }),
  reject: () => void Promise.reject(new Error('rejected')),
  exit: () => process.exit(3),
  abort: () => process.abort(),
  overflow: () => setTimeout(deeper),
  memory: () => {
    const kept = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => [index]));
  },
  busy: () => {
    for (;;);
  },
  flood: () => {
    for (let count = 0; count < 4000; count += 1) process.stdout.write(`${'x'.repeat(1023)}\n`);
  },
  leak: () => {
    for (let count = 0; count < 5; count += 1) setInterval(() => undefined, 1000);
    createServer().listen(0);
  },
  deaf: () => void process.on('SIGTERM', () => undefined),
  'stop-hangs': () => {
    mayStop = new Promise(() => setInterval(() => undefined, 1000));
  },
};

/** Answers every request; `/fault/<name>` writes a line, says which, and then misbehaves. */
function answer(request, response) {
  requests += 1;
  if (requests % EVERY === 0) say('requests');
  const [, fault] = /^\/fault\/([a-z-]+)/.exec(request.url) ?? [];
  if (fault === undefined) return void response.end(process.env.UBER_SERVICE);
  response.setHeader('connection', 'close');
  // Written before the answer, so that no other line comes between.
  say(`fault ${fault}`);
  response.end(JSON.stringify({ life, line: lines }), () => setImmediate(FAULTS[fault]));
}

say('begun');
process.on('exit', () => say('exit'));

module.exports = { answer, say, mayStop: () => mayStop };
