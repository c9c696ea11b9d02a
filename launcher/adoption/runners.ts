// Programs that run a file of ours: what each of their words means. Plain tables and pure functions.
import { splitOption } from './option-words.ts';

/** Options of `node`, `tsx` and their like that take the next word. */
const WITH_VALUE = new Set([
  ...[
    '-r',
    '--require',
    '--import',
    '--loader',
    '--experimental-loader',
    '-C',
    '--conditions',
    '--watch-path',
  ],
  ...[
    '--env-file',
    '--env-file-if-exists',
    '--title',
    '--input-type',
    '--test-reporter',
    '--stack-trace-limit',
  ],
  // ts-node, ts-node-dev, tsx, nodemon
  ...['-P', '--project', '-O', '--compiler-options', '--compilerOptions', '--ignore-watch', '--tsconfig'],
  ...['--watch', '-w', '-e', '--ext', '-i', '--ignore', '-d', '--delay', '-s', '--signal', '--config'],
  ...['--include', '--exclude', '--cwd', '--swcrc', '--config-file', '-x', '--exec', '--extensions'],
]);

/** Of these `--watch` takes no value. */
const WATCH_IS_FLAG = new Set(['node', 'tsx', 'bun', 'nest']);

/** Run a JavaScript or TypeScript file named by their first word that is no option. */
export const FILE_RUNNERS: ReadonlySet<string> = new Set([
  ...[
    'node',
    'nodejs',
    'tsx',
    'ts-node',
    'ts-node-esm',
    'ts-node-dev',
    'tsnd',
    'nodemon',
    'babel-node',
    'vite-node',
  ],
  ...[
    'swc-node',
    'jiti',
    'esno',
    'esr',
    'sucrase-node',
    'pm2-runtime',
    'pm2',
    'forever',
    'node-dev',
    'coffee',
    'bun',
  ],
]);

/** Words between such a runner and its file. */
const SUBCOMMANDS: ReadonlySet<string> = new Set(['watch', 'start', 'run', 'run-script']);

/** Preloaded compilers: the launcher is one itself. */
const COMPILERS =
  /^(?:tsx|ts-node|@swc-node|@swc\/register|esbuild-register|@esbuild-kit|@babel\/register|sucrase|jiti)(?:[/-].*)?$/;

/** Other preloaded modules whose work the launcher does itself. */
const OURS = /^(?:tsconfig-paths|dotenv|source-map-support)(?:[/-].*)?$/;

/** What a runner was told. */
export interface RunnerCall {
  /** The file, or null when none is named. */
  readonly file: string | null;
  readonly args: readonly string[];
  readonly envFiles: readonly string[];
  /** What is to be known of modules that are to be loaded first. */
  readonly notes: readonly string[];
  /** The value of `--exec`, or null. */
  readonly exec: string | null;
}

/** Reads the words behind a runner. */
export function readRunnerCall(runner: string, words: readonly string[]): RunnerCall {
  const envFiles: string[] = [];
  const notes: string[] = [];
  let exec: string | null = null;
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') {
      index += 1;
      break;
    }
    if (SUBCOMMANDS.has(word) && index === 0 && runner !== 'node') continue;
    if (!word.startsWith('-')) break;
    const [name = '', inline] = splitOption(word);
    const isPlain = !WITH_VALUE.has(name) || (WATCH_IS_FLAG.has(runner) && /^(?:-w|--watch)$/.test(name));
    const isEval = runner !== 'nodemon' && /^(?:-e|--eval|-p|--print|-pe)$/.test(name);
    if (isEval) return { file: null, args: [], envFiles, notes, exec: null };
    const value = inline ?? (isPlain ? undefined : words[index + 1]);
    if (inline === undefined && !isPlain) index += 1;
    if (value === undefined) continue;
    if (/^--env-file/.test(name)) envFiles.push(value);
    else if (/^(?:-r|--require|--import|--loader|--experimental-loader)$/.test(name)) {
      if (OURS.test(value)) notes.push(`its command preloads "${value}", whose work uber does itself`);
      else if (!COMPILERS.test(value)) notes.push(`its command preloads "${value}", which uber does not`);
    } else if (/^(?:-x|--exec)$/.test(name)) exec = value;
  }
  const { rest, dotenvFiles } = takeDotenvFiles(words.slice(index));
  envFiles.push(...dotenvFiles);
  if (exec !== null) return { file: null, args: rest, envFiles, notes, exec };
  return {
    file: rest[0] ?? null,
    args: rest.slice(1).filter((word, at) => !(at === 0 && word === '--')),
    envFiles,
    notes,
    exec,
  };
}

/** `node -r dotenv/config x.js dotenv_config_path=.env.dev`: words that are for dotenv and not for the program. */
function takeDotenvFiles(words: readonly string[]): { rest: string[]; dotenvFiles: string[] } {
  const isDotenv = (word: string): boolean => word.startsWith('dotenv_config_path=');
  const dotenvFiles = words.filter(isDotenv).map((word) => word.slice(word.indexOf('=') + 1));
  return { rest: words.filter((word) => !isDotenv(word)), dotenvFiles };
}
