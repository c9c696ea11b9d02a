// One command line, as a script, a Procfile or a compose file has it -> the programs it runs.
import { basename, join, resolve } from 'node:path';
import type { PackageFile } from '../package-file.ts';
import { isFolder, readIfThere } from '../repository/files.ts';
import { maskSubstitutions, SUBSTITUTION } from '../repository/shell-substitutions.ts';
import { assignmentsOf, isAssignment, readShellLine } from '../repository/shell-words.ts';
import type { CommandReading, Program } from './candidate.ts';
import { jsonOf, recordOf, textOf } from './json-values.ts';
import { FRONT_ENDS, TOOLS } from './other-programs.ts';
import { findPackageBin } from './package-bin.ts';
import { findProgramFile } from './program-file.ts';
import { findPackage, type Repository } from './repository.ts';
import { FILE_RUNNERS, readRunnerCall } from './runners.ts';
import { readScriptCall, type ScriptCall } from './script-calls.ts';
import { readSideBySide, SIDE_BY_SIDE } from './side-by-side.ts';

/** Where a command stands. */
interface Place {
  readonly repository: Repository;
  /** The folder it is run in. Absolute. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  readonly name: string | null;
  readonly notes: readonly string[];
  /** How many commands have led here: scripts may call each other in a circle. */
  readonly depth: number;
}

const NOTHING: CommandReading = { programs: [], reason: null };

/** Reads a line for a shell. */
export function readCommand(line: string, folder: string, repository: Repository): CommandReading {
  return readLine(line, { repository, folder, env: {}, envFiles: [], name: null, notes: [], depth: 0 });
}

/** Reads a command whose words are known, as in `CMD ["node", "server.js"]`. */
export function readWords(words: readonly string[], folder: string, repository: Repository): CommandReading {
  return readProgram(words, { repository, folder, env: {}, envFiles: [], name: null, notes: [], depth: 0 });
}

function readLine(line: string, place: Place): CommandReading {
  if (place.depth > 8) return { programs: [], reason: 'its scripts call each other in a circle' };
  const { text, isOpen } = maskSubstitutions(line);
  if (isOpen)
    return { programs: [], reason: `its command is not understood: a quote is not closed in ${line}` };
  const readings: CommandReading[] = [];
  for (const { words, env: given, folders, variables } of readShellLine(text)) {
    const env = Object.fromEntries(
      Object.entries(given).filter(([, value]) => !value.includes(SUBSTITUTION)),
    );
    const unset = Object.keys(given).filter((name) => !(name in env));
    if ([...words, ...folders].some((word) => word.includes(SUBSTITUTION))) {
      readings.push({ programs: [], reason: `its command is not understood: only a shell can run ${line}` });
      continue;
    }
    const folder = folders.reduce((at, next) => resolve(at, next), place.folder);
    const notes = [
      ...variables.map((name) => `$${name} in "${line}" is not filled in`),
      ...unset.map((name) => `${name} is not set: only a shell knows its value in "${line}"`),
    ];
    readings.push(
      readProgram(words, {
        ...place,
        folder,
        env: { ...place.env, ...env },
        notes: [...place.notes, ...notes],
        depth: place.depth + 1,
      }),
    );
  }
  return together(readings);
}

function together(readings: readonly CommandReading[]): CommandReading {
  const programs = readings.flatMap((reading) => reading.programs);
  return {
    programs,
    reason: programs.length > 0 ? null : (readings.find(({ reason }) => reason !== null)?.reason ?? null),
  };
}

/** Words that run the words behind them. */
const PREFIXES: ReadonlySet<string> = new Set([
  'exec',
  'npx',
  'bunx',
  'env',
  'cross-env',
  'cross-env-shell',
  'time',
  'dotenvx',
]);

function readProgram(words: readonly string[], place: Place): CommandReading {
  const [first = '', ...rest] = words;
  if (first === '') return NOTHING;
  if (isAssignment(first)) return readProgram(rest, withEnv(place, assignmentsOf([first])));
  const program = basename(first).replace(/\.(?:cmd|exe)$/i, '');
  if (PREFIXES.has(program)) return readProgram(withoutOptions(rest), place);
  if (/^(?:npm|yarn|pnpm|bun)$/.test(program) && /^(?:exec|dlx|x)$/.test(rest[0] ?? ''))
    return readProgram(withoutOptions(rest.slice(1)), place);
  if (program === 'dotenv') return readDotenv(rest, place);
  const call = readScriptCall([program, ...rest]);
  if (call !== null) return readScript(call, place);
  if (SIDE_BY_SIDE.has(program)) return readSeveral(program, rest, place);
  if (/^(?:sh|bash)$/.test(program))
    return rest[0] === '-c' && rest[1] !== undefined ? readLine(rest[1], place) : NOTHING;
  if (program === 'nest') return readNest(rest, place);
  if (FILE_RUNNERS.has(program)) return readRunner(program, rest, place);
  if (TOOLS.has(program)) return NOTHING;
  if (FRONT_ENDS.has(program))
    return { programs: [], reason: `"${program}" starts processes of its own: run it beside uber` };
  return readBin(first, rest, place);
}

function withEnv(place: Place, env: Readonly<Record<string, string>>): Place {
  return { ...place, env: { ...place.env, ...env } };
}

function withoutOptions(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !word.startsWith('-'));
  return first === -1 ? [] : words.slice(first);
}

/** `dotenv -e .env.local -- node x.js`: dotenv-cli. */
function readDotenv(words: readonly string[], place: Place): CommandReading {
  const files: string[] = [];
  let index = 0;
  for (; index < words.length && (words[index] ?? '').startsWith('-') && words[index] !== '--'; index += 1) {
    if (words[index] !== '-e' && words[index] !== '-f') continue;
    files.push(resolve(place.folder, words[index + 1] ?? '.env'));
    index += 1;
  }
  const rest = words.slice(words[index] === '--' || words[index] === 'run' ? index + 1 : index);
  return readProgram(rest, { ...place, envFiles: [...place.envFiles, ...files] });
}

function readScript({ script, of, args }: ScriptCall, place: Place): CommandReading {
  const { repository, folder } = place;
  const file: PackageFile | null = of === null ? nearest(repository, folder) : findPackage(repository, of);
  if (file === null)
    return { programs: [], reason: `there is no package "${of ?? repository.short(folder)}"` };
  const pattern = new RegExp(`^${script.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*')}$`);
  const names = Object.keys(file.scripts).filter((name) => pattern.test(name));
  const isGlob = script.includes('*');
  const readings: CommandReading[] = [];
  for (const name of names) {
    const line = [file.scripts[name] ?? '', ...args].join(' ');
    const label = isGlob ? (name.split(':').at(-1) ?? name) : place.name;
    readings.push(readLine(line, { ...place, folder: file.dir, name: label, depth: place.depth + 1 }));
  }
  if (names.length === 0)
    return {
      programs: [],
      reason: `${repository.short(join(file.dir, 'package.json'))} has no script "${script}"`,
    };
  return together(readings);
}

function nearest({ packages, root }: Repository, folder: string): PackageFile | null {
  for (let at = folder; at.startsWith(root); at = resolve(at, '..')) {
    const found = packages.get(at);
    if (found !== undefined) return found;
  }
  return null;
}

function readSeveral(program: string, words: readonly string[], place: Place): CommandReading {
  const readings: CommandReading[] = [];
  for (const { line, name } of readSideBySide(program, words)) {
    const script = /^npm run \S*?([^:\s]+)$/.exec(line)?.[1] ?? null;
    readings.push(readLine(line, { ...place, name: name ?? script, depth: place.depth + 1 }));
  }
  return together(readings);
}

/** `nest start [project]`: Nest's own command compiles `src/main.ts` and runs it. */
function readNest(words: readonly string[], place: Place): CommandReading {
  if (words[0] !== 'start') return NOTHING;
  const project = words[1]?.startsWith('-') === false ? words[1] : null;
  const config = jsonOf(readIfThere(join(place.folder, 'nest-cli.json')));
  const projects = recordOf(config.projects);
  const own = project === null ? config : recordOf(projects[project]);
  const folder = textOf(own.sourceRoot) ?? 'src';
  return toProgram(place, `${folder}/${textOf(own.entryFile) ?? 'main'}`, []);
}

function readRunner(runner: string, words: readonly string[], place: Place): CommandReading {
  const { file, args, envFiles, notes, exec } = readRunnerCall(runner, words);
  const next: Place = {
    ...place,
    envFiles: [...place.envFiles, ...envFiles.map((path) => resolve(place.folder, path))],
    notes: [...place.notes, ...notes],
  };
  if (exec !== null) return readLine([exec, ...args].join(' '), next);
  if (file !== null) return toProgram(next, file, args);
  return runner === 'nodemon' ? readNodemon(next) : NOTHING;
}

/** Without a file nodemon takes `exec` of its configuration, or `main` of package.json. */
function readNodemon(place: Place): CommandReading {
  const own = nearest(place.repository, place.folder);
  const config = jsonOf(readIfThere(join(place.folder, 'nodemon.json')));
  const exec = textOf(config.exec) ?? textOf(recordOf(own?.json.nodemonConfig).exec);
  return exec === null ? toProgram(place, own?.main ?? 'index.js', []) : readLine(exec, place);
}

function readBin(first: string, args: readonly string[], place: Place): CommandReading {
  if (/[/\\]|\.[cm]?[jt]s$/.test(first) && !first.includes('node_modules/.bin'))
    return toProgram(place, first, args);
  const name = basename(first);
  const entry = findPackageBin(name, place.folder, nearest(place.repository, place.folder));
  if (entry === null)
    return { programs: [], reason: `"${name}" is not installed here: install the packages first` };
  return { programs: [makeProgram(place, entry, args, true)], reason: null };
}

function toProgram(place: Place, word: string, args: readonly string[]): CommandReading {
  const { repository, folder } = place;
  const found = findProgramFile(word, folder);
  if (found === null) {
    const path = repository.short(resolve(folder, word));
    return {
      programs: [],
      reason: isFolder(folder)
        ? `${path} does not exist; build it first?`
        : `there is no folder ${repository.short(folder)}`,
    };
  }
  const notes =
    found.insteadOf === null
      ? []
      : [
          `runs the source ${repository.short(found.path)} in place of the compiled ${repository.short(found.insteadOf)}`,
        ];
  return {
    programs: [makeProgram({ ...place, notes: [...place.notes, ...notes] }, found.path, args, false)],
    reason: null,
  };
}

function makeProgram(place: Place, entry: string, args: readonly string[], isInstalled: boolean): Program {
  const { folder: cwd, env, envFiles, name, notes } = place;
  return { entry, args, cwd, env, envFiles, isInstalled, name, notes };
}
