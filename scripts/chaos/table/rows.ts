// The fault table: every way in which a service does harm, what must be told of it, and what must follow. The same rows
// are run by test/reliability and by `npm run chaos -- table`, and stand in docs/reliability.md.
import type { ErrorCode } from '../../../launcher/errors.ts';
import type { ServiceOptions } from '../../../launcher/options.ts';
import type { PlacementName } from '../../../launcher/types.ts';
import {
  ABOUT_TO_FAIL,
  FINDS_LAUNCHER,
  failsWhenAsked,
  HANGS_AT_SECOND_START,
  STOPPING,
  stopsLike,
  TALKS_NONSENSE,
  waitInNativeCode,
} from './programs.ts';

/** What follows on a fault. */
type Sequel =
  | 'ready again' // a new incarnation, on the same port
  | 'goes on' // the same incarnation answers
  | 'given up' // it is down, and the others go on
  | 'run ends'; // the process of all has ended; the next run tells it

/** What must be seen of a fault. */
export interface Outcome {
  /** The code of each thing told of the service, in order. */
  readonly codes: readonly ErrorCode[];
  /** Told too where the machine is slow: whoever fills its memory waits for the collection of garbage. */
  readonly besides?: readonly ErrorCode[];
  /** What a message, or a line of its output, must say. */
  readonly says: RegExp;
  readonly sequel: Sequel;
}

/** One fault. The service is called `foo`. */
export interface FaultRow {
  /** What the service does, as it stands in the docs. */
  readonly title: string;
  /** What is told, as it stands in the docs. */
  readonly reported: string;
  /** Its source: an ES module. */
  readonly program: string;
  readonly settings: ServiceOptions;
  /** `asked`: by a request. `stopped`: by a restart. `port`: asked, and its port is taken while it is down. */
  readonly trigger: 'asked' | 'stopped' | 'port';
  /** A line it has written before, which must be among the last lines; null when it writes nothing of its own. */
  readonly lastLine: string | null;
  /** Its incarnation at the end. */
  readonly incarnation: number;
  /** Where it can happen. */
  readonly outcomes: Readonly<Partial<Record<PlacementName, Outcome>>>;
}

/** The grace of those that do not stop, and how long one may be blocked, in milliseconds. */
const GRACE_MS = 500;
const BLOCKED_MS = 2000;
const HEAP_MB = 64;

const ASKED = { settings: {}, trigger: 'asked', lastLine: ABOUT_TO_FAIL, incarnation: 2 } as const;
const STOPPED = { settings: {}, trigger: 'stopped', lastLine: STOPPING, incarnation: 2 } as const;
const GOES_ON = { ...ASKED, incarnation: 1 } as const;

const FULL = { codes: ['OUT_OF_MEMORY'], besides: ['BLOCKED'], sequel: 'ready again' } as const;

/** The same in both placements. */
function both(codes: readonly ErrorCode[], says: RegExp, sequel: Sequel = 'ready again') {
  return { thread: { codes, says, sequel }, process: { codes, says, sequel } };
}

/** All rows, in the order of the docs. */
export const FAULT_ROWS: readonly FaultRow[] = [
  {
    ...ASKED,
    title: 'throws an error that nobody catches',
    reported: '`CRASHED`',
    program: failsWhenAsked("throw new RangeError('division by zero');"),
    outcomes: both(['CRASHED'], /^"foo" crashed: division by zero$/),
  },
  {
    ...ASKED,
    title: 'leaves a rejected promise to itself',
    reported: '`UNHANDLED_REJECTION`',
    program: failsWhenAsked("void Promise.reject(new Error('no broker'));"),
    outcomes: both(['UNHANDLED_REJECTION'], /nobody handled it: no broker$/),
  },
  {
    ...ASKED,
    title: 'calls `process.exit(3)`',
    reported: '`EXITED`, with the line of the call',
    program: failsWhenAsked('process.exit(3);'),
    outcomes: both(['EXITED'], /^"foo" called process\.exit\(3\) at .*index\.mjs:\d+:\d+\.$/),
  },
  {
    ...ASKED,
    title: 'fills its heap',
    reported: '`OUT_OF_MEMORY`',
    settings: { heapMb: HEAP_MB },
    program: failsWhenAsked(
      'kept.push(new Array(500_000).fill(Math.PI));\n  setImmediate(fail);',
      'const kept = [];',
    ),
    outcomes: {
      thread: { ...FULL, says: /MB of heap and \d+ MB of buffers, and its heapMb is 64\.$/ },
      process: { ...FULL, says: /: its heap reached 64 MB\.$/ },
    },
  },
  {
    ...ASKED,
    title: 'fills its memory with buffers',
    reported: '`OUT_OF_MEMORY`',
    settings: { heapMb: HEAP_MB },
    program: failsWhenAsked(
      'const kept = [];\n  setInterval(() => kept.push(Buffer.alloc(4 * 2 ** 20, 1)), 5);',
    ),
    // The buffers of a process are no concern of the others.
    outcomes: {
      thread: {
        codes: ['OUT_OF_MEMORY'],
        says: /MB of buffers, and its heapMb is 64\.$/,
        sequel: 'ready again',
      },
    },
  },
  {
    ...ASKED,
    title: 'calls itself without an end',
    reported: '`STACK_OVERFLOW`',
    program: failsWhenAsked('const deeper = () => deeper() + 1;\n  deeper();'),
    outcomes: both(['STACK_OVERFLOW'], /^"foo" overflowed its call stack\.$/),
  },
  {
    ...ASKED,
    title: 'blocks its event loop (`blockedMs: 2000`)',
    reported: '`BLOCKED` with its line after a second, and again when it is ended',
    settings: { blockedMs: BLOCKED_MS },
    program: failsWhenAsked('for (;;);'),
    outcomes: {
      thread: {
        codes: ['BLOCKED', 'BLOCKED'],
        says: /^"foo" has blocked its event loop for .* at .*index\.mjs:\d+:\d+\.$/,
        sequel: 'ready again',
      },
      process: {
        codes: ['BLOCKED', 'BLOCKED'],
        says: /^"foo" has blocked its event loop for .* cannot be seen in a process of its own\.$/,
        sequel: 'ready again',
      },
    },
  },
  {
    ...GOES_ON,
    title: 'waits in native code for 3 seconds',
    reported: '`BLOCKED`, without a line',
    program: failsWhenAsked(waitInNativeCode(3000)),
    outcomes: {
      thread: {
        codes: ['BLOCKED'],
        says: /in native code or a wait that cannot be interrupted\.$/,
        sequel: 'goes on',
      },
      process: { codes: ['BLOCKED'], says: /cannot be seen in a process of its own\.$/, sequel: 'goes on' },
    },
  },
  {
    ...ASKED,
    title: 'waits in native code for ever (`blockedMs: 2000`)',
    reported: '`BLOCKED` twice; a thread that cannot be ended is given up with `STOP_IGNORED`',
    settings: { blockedMs: BLOCKED_MS, restart: { minDelayMs: 100, attempts: 1 } },
    program: failsWhenAsked(waitInNativeCode(null)),
    outcomes: {
      thread: {
        codes: ['BLOCKED', 'BLOCKED', 'STOP_IGNORED'],
        says: /^"foo" cannot be ended: its thread waits in native code or a system call\./,
        sequel: 'given up',
      },
      process: {
        codes: ['BLOCKED', 'BLOCKED'],
        says: /^"foo" was ended: its event loop was blocked /,
        sequel: 'ready again',
      },
    },
  },
  {
    ...GOES_ON,
    title: 'logs as fast as it can',
    reported: '`LOG_FLOOD`',
    program: failsWhenAsked(
      'for (let count = 0; count < 256; count += 1) process.stdout.write(LINE);\n  setImmediate(fail);',
      "const LINE = 'x'.repeat(1023) + '\\n';",
    ),
    // Its last lines are those of the flood.
    lastLine: null,
    outcomes: both(['LOG_FLOOD'], /it is slowed down to 4 MB a second\.$/, 'goes on'),
  },
  {
    ...STOPPED,
    title: 'leaves a timer and a server open at its stop',
    reported: '`LEFT_OPEN`, with what is open',
    program: stopsLike('', 'setInterval(() => undefined, 1000);\n    createServer(answer).listen(3000);'),
    outcomes: both(['LEFT_OPEN'], /had settled: a TCP server on :\d+, 1 timer\.$/),
  },
  {
    ...STOPPED,
    title: 'ignores its stop (`stopGraceMs: 500`)',
    reported: '`STOP_IGNORED`, with what is open',
    settings: { stopGraceMs: GRACE_MS },
    program: failsWhenAsked('', `process.on('SIGTERM', () => console.log('${STOPPING}'));`),
    outcomes: both(['STOP_IGNORED'], /and was ended\. Still open: a TCP server on :\d+/),
  },
  {
    ...STOPPED,
    title: 'has a stop that never settles (`stopGraceMs: 500`)',
    reported: '`STOP_FAILED`',
    settings: { stopGraceMs: GRACE_MS },
    program: stopsLike('await new Promise(() => undefined);'),
    outcomes: both(['STOP_FAILED'], /^"foo" was ended: its stop has not settled after \d+ ms\.$/),
  },
  {
    ...STOPPED,
    title: 'has a stop that throws',
    reported: '`STOP_FAILED`',
    program: stopsLike("throw new Error('no connection to close');"),
    outcomes: both(['STOP_FAILED'], /^"foo" failed to stop cleanly: no connection to close$/),
  },
  {
    ...ASKED,
    title: 'exits, and its next start never settles (`ready.timeoutMs: 3000`)',
    reported: '`EXITED`, then `NOT_READY`',
    settings: { ready: { timeoutMs: 3000 } },
    program: HANGS_AT_SECOND_START,
    lastLine: 'waiting for the broker',
    incarnation: 3,
    outcomes: both(
      ['EXITED', 'NOT_READY'],
      /^"foo" was not ready after 3000 ms: its start has not finished\.$/,
    ),
  },
  {
    ...ASKED,
    title: 'crashes, and another process takes its port meanwhile',
    reported: '`CRASHED`, then `PORT_STOLEN` with the process that has it',
    trigger: 'port',
    program: failsWhenAsked("throw new Error('boom');"),
    incarnation: 3,
    outcomes: both(['CRASHED', 'PORT_STOLEN'], /^Port \d+ of "foo" was taken by .* while it was down\.$/),
  },
  {
    ...GOES_ON,
    title: 'sends nonsense to the launcher',
    reported: 'a line in its own output',
    program: failsWhenAsked(TALKS_NONSENSE, FINDS_LAUNCHER),
    lastLine: null,
    outcomes: both(
      [],
      /^uber: the service has sent the launcher a message that it does not understand\.$/,
      'goes on',
    ),
  },
  {
    ...ASKED,
    title: 'calls `process.abort()`',
    reported: '`EXITED` in a thread, `CRASHED` in a process of its own',
    program: failsWhenAsked('process.abort();'),
    outcomes: {
      thread: { codes: ['EXITED'], says: /^"foo" called process\.exit\(134\)/, sequel: 'ready again' },
      process: { codes: ['CRASHED'], says: /by the signal SIGABRT\.$/, sequel: 'ready again' },
    },
  },
  {
    ...ASKED,
    title: 'sends itself the signal `SIGSEGV`',
    reported: '`EXITED` in a thread, `CRASHED` in a process of its own',
    program: failsWhenAsked("process.kill(process.pid, 'SIGSEGV');"),
    outcomes: {
      thread: { codes: ['EXITED'], says: /^"foo" called process\.exit\(139\)/, sequel: 'ready again' },
      process: { codes: ['CRASHED'], says: /by the signal SIGSEGV\.$/, sequel: 'ready again' },
    },
  },
  {
    ...ASKED,
    title: 'crashes in native code',
    reported: '`CRASHED` in a process of its own; a thread ends the run, and the next one tells `RUN_DIED`',
    // A breakpoint of V8 itself that no debugger takes.
    program: failsWhenAsked(
      "setFlagsFromString('--allow-natives-syntax');\n  new Function('%SystemBreak()')();",
    ),
    outcomes: {
      thread: { codes: ['RUN_DIED'], says: /ended without stopping: /, sequel: 'run ends' },
      process: {
        codes: ['CRASHED'],
        says: /^"foo" was ended by the signal SIG\w+\.$/,
        sequel: 'ready again',
      },
    },
  },
];
