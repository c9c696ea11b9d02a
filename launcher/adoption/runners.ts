// Programs that run other programs: what each of their words means. Plain tables and pure functions.

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

/** Preloaded modules whose work the launcher does itself. */
const OURS =
  /^(?:tsx|ts-node|@swc-node|@swc\/register|esbuild-register|@esbuild-kit|tsconfig-paths|dotenv|source-map-support|@babel\/register|sucrase|jiti)(?:[/-].*)?$/;

/** What a runner was told. */
export interface RunnerCall {
  /** The file, or null when none is named. */
  readonly file: string | null;
  readonly args: readonly string[];
  readonly envFiles: readonly string[];
  /** Modules to be loaded first that the launcher does not replace. */
  readonly preloads: readonly string[];
  /** The value of `--exec`, or null. */
  readonly exec: string | null;
}

/** Reads the words behind a runner. */
export function readRunnerCall(runner: string, words: readonly string[]): RunnerCall {
  const envFiles: string[] = [];
  const preloads: string[] = [];
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
    if (isEval) return { file: null, args: [], envFiles, preloads, exec: null };
    const value = inline ?? (isPlain ? undefined : words[index + 1]);
    if (inline === undefined && !isPlain) index += 1;
    if (value === undefined) continue;
    if (/^--env-file/.test(name)) envFiles.push(value);
    else if (/^(?:-r|--require|--import|--loader|--experimental-loader)$/.test(name) && !OURS.test(value))
      preloads.push(value);
    else if (/^(?:-x|--exec)$/.test(name)) exec = value;
  }
  const rest = words.slice(index);
  if (exec !== null) return { file: null, args: rest, envFiles, preloads, exec };
  return {
    file: rest[0] ?? null,
    args: rest.slice(1).filter((word, at) => !(at === 0 && word === '--')),
    envFiles,
    preloads,
    exec,
  };
}

function splitOption(word: string): [name: string, value?: string] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** A script of a package that a command runs. */
export interface ScriptCall {
  /** Name of the script; `*` stands for any text. */
  readonly script: string;
  /** Name or folder of the package, or null for the one it stands in. */
  readonly of: string | null;
  readonly args: readonly string[];
}

/** Reads `npm run x`, `yarn workspace a x`, `pnpm --filter a x` and their like; null for anything else. */
export function readScriptCall(words: readonly string[]): ScriptCall | null {
  const [manager = ''] = words;
  if (manager === 'node' && words[1] === '--run' && words[2] !== undefined)
    return { script: words[2], of: null, args: words.slice(3) };
  if (!/^(?:npm|yarn|pnpm|bun)$/.test(manager)) return null;
  let of: string | null = null;
  const plain: string[] = [];
  let index = 1;
  for (; index < words.length && words[index] !== '--'; index += 1) {
    const word = words[index] ?? '';
    const [name = '', inline] = splitOption(word);
    if (
      /^(?:--prefix|-C|--dir|--cwd|-w|--workspace|--filter|-F)$/.test(name) &&
      !(manager === 'pnpm' && name === '-w')
    ) {
      of = inline ?? words[index + 1] ?? null;
      if (inline === undefined) index += 1;
    } else if (!word.startsWith('-') || plain.length > 1) plain.push(word);
  }
  if (plain[0] === 'workspace' && plain[1] !== undefined) {
    of = plain[1];
    plain.splice(0, 2);
  }
  const hasRun = /^(?:run|run-script)$/.test(plain[0] ?? '');
  const [script, ...behind] = hasRun ? plain.slice(1) : plain;
  const isShort = manager === 'npm' ? /^(?:start|test)$/.test(script ?? '') : true;
  if (script === undefined || (!hasRun && !isShort) || /^(?:exec|dlx|install|i|ci|x|add)$/.test(script))
    return null;
  return { script, of: of === null ? null : cleanPackage(of), args: [...behind, ...words.slice(index + 1)] };
}

/** pnpm takes `./apps/web` and `web...` too. */
function cleanPackage(text: string): string {
  return text
    .replace(/^\.\//, '')
    .replace(/\.{3}$/, '')
    .replace(/\/$/, '');
}

/** Programs that compile, test, tidy up or are no Node programs: no service is left out with them. */
export const TOOLS: ReadonlySet<string> = new Set([
  ...[
    'tsc',
    'tsup',
    'tsdown',
    'webpack',
    'rollup',
    'esbuild',
    'babel',
    'swc',
    'rimraf',
    'mkdirp',
    'copyfiles',
    'echo',
  ],
  ...[
    'cp',
    'rm',
    'mkdir',
    'exit',
    'true',
    'sleep',
    'jest',
    'vitest',
    'mocha',
    'eslint',
    'prettier',
    'biome',
    'prisma',
  ],
  ...[
    'knex',
    'typeorm',
    'husky',
    'lerna',
    'turbo',
    'nx',
    'wsrun',
    'changeset',
    'unbuild',
    'parcel',
    'tsc-watch',
    'kill-port',
  ],
  ...[
    'docker',
    'docker-compose',
    'podman',
    'make',
    'python',
    'python3',
    'go',
    'java',
    'mvn',
    'gradle',
    'cargo',
    'dotnet',
  ],
]);

/** Development servers of web front ends: they start processes of their own. */
export const FRONT_ENDS: ReadonlySet<string> = new Set([
  ...[
    'next',
    'react-scripts',
    'ng',
    'nuxt',
    'nuxi',
    'expo',
    'gatsby',
    'vue-cli-service',
    'storybook',
    'electron',
    'astro',
  ],
  ...['start-storybook', 'cypress', 'playwright', 'remix', 'react-native', 'craco'],
]);

/** Run several commands side by side. */
export const SIDE_BY_SIDE: ReadonlySet<string> = new Set([
  ...['concurrently', 'conc', 'npm-run-all', 'run-p', 'run-s', 'npm-run-all2', 'stmux'],
]);

/** A command of such a program, and the name it is given. */
export interface NamedCommand {
  readonly line: string;
  readonly name: string | null;
}

const VALUES_OF_SIDE_BY_SIDE =
  /^(?:-n|--names|-c|--prefix-colors|-p|--prefix|-t|--timestamp-format|-l|--prefix-length|-m|--max-processes|--kill-signal|--restart-tries|--restart-after|--default-input-target|--max-parallel|--cwd|--success|-s)$/;

/** The commands such a program runs. */
export function readSideBySide(program: string, words: readonly string[]): NamedCommand[] {
  const isNpm = !/^conc|^stmux/.test(program);
  const lines: string[] = [];
  let names: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      const script = /^(?:npm|yarn|pnpm|node|bun):(.+)$/.exec(word)?.[1];
      lines.push(script !== undefined || isNpm ? `npm run ${script ?? word}` : word);
      continue;
    }
    const [name = '', inline] = splitOption(word);
    // Of npm-run-all these letters are flags: parallel, sequential, name.
    if (!VALUES_OF_SIDE_BY_SIDE.test(name) || (isNpm && inline === undefined && !/^--max/.test(name)))
      continue;
    const value = inline ?? words[index + 1] ?? '';
    if (inline === undefined) index += 1;
    if (/^(?:-n|--names)$/.test(name)) names = value.split(',').map((text) => text.trim());
  }
  return lines.map((line, index) => ({ line, name: names[index] ?? null }));
}
