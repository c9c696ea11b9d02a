// Every way in which a start fails, as a small project each. test/reliability runs them, and `chaos -- startup` measures
// how long the error takes to the screen.
import type { ErrorCode } from '../../../launcher/errors.ts';
import type { ServiceOptions, UberConfigFile } from '../../../launcher/options.ts';
import type { PlacementName } from '../../../launcher/types.ts';

/** The variable that names the file in which a project notes the moment of its fault (`process.hrtime.bigint()`). */
export const MOMENT_FILE = 'CHAOS_MOMENT_FILE';

/** One way to fail. The service is called `foo`. */
export interface StartupFault {
  /** Path below the project -> content. Each notes the moment of its fault as its last act. */
  readonly files: Readonly<Record<string, string>>;
  /** Options of `foo` in the configuration. */
  readonly service?: ServiceOptions;
  /** True when main finds it before there is a thread: the moment is that in which it has read the configuration. */
  readonly isFoundByMain?: boolean;
  /** True when a port of this machine must be taken: it is pinned for `foo`. */
  readonly needsTakenPort?: boolean;
  readonly code: ErrorCode;
  readonly exitCode: number;
  /** What must stand on the screen. `<root>` and `<port>` stand for those of the project. */
  readonly says: readonly string[];
  /** Where it can happen. Default: in both. */
  readonly placements?: readonly PlacementName[];
}

/** Notes the moment. A file and not a line: what comes behind it may end everything. */
const NOTE = `require('node:fs').writeFileSync(process.env.${MOMENT_FILE}, String(process.hrtime.bigint()));`;
/** The same in an ES module. */
const NOTE_ESM = NOTE.replace("require('node:fs')", "process.getBuiltinModule('node:fs')");
/** Keeps the service alive: only its fault can end it. */
const STAYS = 'setInterval(() => {}, 1000);';

/** Name -> the fault. */
export const STARTUP_FAULTS: Readonly<Record<string, StartupFault>> = {
  'a syntax error in JavaScript': {
    files: { 'services/foo/index.js': 'const a = 1;\nconst b = ;\n' },
    isFoundByMain: true,
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded: Unexpected token', '<root>/services/foo/index.js:2', 'const b = ;'],
  },
  'bad TypeScript': {
    files: { 'services/foo/index.ts': 'const a: number = 1;\nconst b = ;\n' },
    isFoundByMain: true,
    code: 'BUILD_FAILED',
    exitCode: 1,
    says: ['<root>/services/foo/index.ts:2:11: Unexpected ";"'],
  },
  'a missing package': {
    files: { 'services/foo/index.mjs': `${NOTE_ESM}\nawait import('package-nobody-installed');\n` },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: [
      "could not be loaded: Cannot find package 'package-nobody-installed'",
      'npm install package-nobody-installed',
    ],
  },
  'a missing package in CommonJS': {
    files: { 'services/foo/index.cjs': `${NOTE}\nrequire('package-nobody-installed');\n` },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ["Cannot find module 'package-nobody-installed'", 'npm install package-nobody-installed'],
  },
  'an error on load': {
    files: { 'services/foo/index.cjs': `${NOTE}\nthrow new Error('no DATABASE_URL');\n` },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded: no DATABASE_URL', '<root>/services/foo/index.cjs:2'],
  },
  'an error on load of an ES module': {
    files: { 'services/foo/index.mjs': `${STAYS}\n${NOTE_ESM}\nthrow new Error('no DATABASE_URL');\n` },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded: no DATABASE_URL', '<root>/services/foo/index.mjs:3'],
  },
  'a start that rejects': {
    files: {
      'services/foo/index.mjs': `${STAYS}
export default {
  async start() {
    console.log('connecting');
    ${NOTE_ESM}
    throw new Error('the queue is gone');
  },
};
`,
    },
    code: 'START_FAILED',
    exitCode: 1,
    says: ['"foo" failed to start: the queue is gone', 'Its last lines:', 'connecting'],
  },
  'an exported app whose program fails before it listens': {
    files: {
      'services/foo/index.cjs': `
const app = require('express')();
async function main() {
  await null;
  ${NOTE}
  throw new Error('no database');
}
main().then(() => app.listen(3000));
${STAYS}
module.exports = app;
`,
    },
    code: 'UNHANDLED_REJECTION',
    exitCode: 1,
    says: ['"foo"', 'no database', '<root>/services/foo/index.cjs:6'],
  },
  'process.exit while starting': {
    files: { 'services/foo/index.cjs': `console.log('cannot go on');\n${NOTE}\nprocess.exit(3);\n` },
    code: 'EXITED',
    exitCode: 1,
    says: [
      '"foo" called process.exit(3) while starting at <root>/services/foo/index.cjs:3:9',
      'cannot go on',
    ],
  },
  'an end without listening': {
    files: { 'services/foo/index.cjs': `console.log('nothing to do');\n${NOTE}\n` },
    code: 'NEVER_LISTENED',
    exitCode: 1,
    says: ['"foo" ended without listening', 'nothing to do'],
  },
  'an end without listening of one that says it will': {
    files: {
      'services/foo/index.cjs': `
const app = require('express')();
if (process.env.NODE_ENV === 'never') app.listen(process.env.PORT);
${NOTE}
`,
    },
    code: 'NEVER_LISTENED',
    exitCode: 1,
    says: ['"foo" ended without listening'],
  },
  'a second listen on the same port': {
    files: {
      'services/foo/index.cjs': `
const { createServer } = require('node:http');
createServer().listen(3000);
${NOTE}
createServer().listen(3000);
`,
    },
    code: 'LISTENED_TWICE',
    exitCode: 1,
    says: ['"foo" listens twice on its main port 3000', '<root>/services/foo/index.cjs:5'],
  },
  'a pinned port that another process holds': {
    files: { 'services/foo/index.cjs': "require('node:http').createServer().listen(3000);\n" },
    needsTakenPort: true,
    isFoundByMain: true,
    code: 'PORT_BUSY',
    exitCode: 1,
    says: ['Port <port> of "foo" is taken', 'remove "port"'],
  },
  'a missing entry': {
    files: { 'services/bar/index.cjs': '' },
    service: { entry: './services/foo/main.js' },
    isFoundByMain: true,
    code: 'ENTRY_NOT_FOUND',
    exitCode: 2,
    says: ['"foo"', '<root>/services/foo/main.js'],
  },
  'no memory left while starting': {
    files: {
      'services/foo/index.cjs': `
const kept = [];
for (;;) {
  kept.push(Array.from({ length: 10_000 }, (_, index) => [index]));
  ${NOTE}
}
`,
    },
    service: { heapMb: 40 },
    code: 'OUT_OF_MEMORY',
    exitCode: 1,
    says: ['"foo"', 'ran out of memory', 'heapMb'],
  },
  'a stack overflow on load': {
    files: { 'services/foo/index.cjs': `function deeper() { return deeper() + 1; }\n${NOTE}\ndeeper();\n` },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded: Maximum call stack size exceeded', '<root>/services/foo/index.cjs:1'],
  },
  'a stack overflow in a timer before it listens': {
    files: {
      'services/foo/index.cjs': `
function deeper() { return deeper() + 1; }
setTimeout(() => {
  ${NOTE}
  deeper();
}, 10);
${STAYS}
`,
    },
    code: 'STACK_OVERFLOW',
    exitCode: 1,
    says: ['"foo" overflowed its call stack while starting', '<root>/services/foo/index.cjs:2'],
  },
  'an unhandled rejection': {
    files: {
      'services/foo/index.cjs': `
setTimeout(() => {
  ${NOTE}
  Promise.reject(new Error('no broker'));
}, 10);
${STAYS}
`,
    },
    code: 'UNHANDLED_REJECTION',
    exitCode: 1,
    says: ['"foo"', 'no broker', '<root>/services/foo/index.cjs:4'],
  },
  'an error in a timer before it listens': {
    files: {
      'services/foo/index.cjs': `
setTimeout(() => {
  ${NOTE}
  throw new TypeError('not a function');
}, 10);
${STAYS}
`,
    },
    code: 'CRASHED',
    exitCode: 1,
    says: ['"foo" crashed while starting: not a function', '<root>/services/foo/index.cjs:4'],
  },
  'an environment file that cannot be read': {
    files: { 'services/foo/index.cjs': '', 'services/foo/.env/keep': '' },
    isFoundByMain: true,
    code: 'ENV_UNREADABLE',
    exitCode: 2,
    says: ['Cannot read <root>/services/foo/.env'],
  },
  'a native addon that is not there': {
    files: {
      'services/foo/index.cjs': `${NOTE}\nprocess.dlopen({ exports: {} }, __dirname + '/build/addon.node');\n`,
    },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded', 'addon.node'],
  },
  'a native addon that is not made for this machine': {
    files: {
      'services/foo/addon.node': 'this is no library',
      'services/foo/index.cjs': `${NOTE}\nrequire('./addon.node');\n`,
    },
    code: 'LOAD_FAILED',
    exitCode: 1,
    says: ['"foo" could not be loaded', 'addon.node'],
  },
  'process.abort while starting': {
    files: { 'services/foo/index.cjs': `console.log('giving up');\n${NOTE}\nprocess.abort();\n` },
    code: 'EXITED',
    exitCode: 1,
    says: ['"foo"', 'process.exit(134)', 'giving up'],
    placements: ['thread'],
  },
  'process.abort of a process while starting': {
    files: { 'services/foo/index.cjs': `console.log('giving up');\n${NOTE}\nprocess.abort();\n` },
    code: 'CRASHED',
    exitCode: 1,
    says: ['"foo" was ended by the signal SIGABRT', '<root>/services/foo/index.cjs:3'],
    placements: ['process'],
  },
};

/** The configuration for a fault. `port` is the taken one, if it needs one. */
export function configOf({ service = {} }: StartupFault, port: number | null): UberConfigFile {
  const foo = { entry: './services/foo', ...service, ...(port === null ? {} : { port }) };
  return { services: { foo } };
}

/** All files of the project of a fault, with its configuration. */
export function filesOf(fault: StartupFault, port: number | null): Record<string, string> {
  // The configuration is a program, and read right before the services are looked at.
  const note = fault.isFoundByMain === true ? NOTE_ESM : '';
  const config = JSON.stringify(configOf(fault, port));
  return { ...fault.files, 'uber.config.mjs': `${note}\nexport default ${config};\n` };
}
