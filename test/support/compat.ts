// Runs a program of the compatibility suite under uber, in the placement that is asked for.
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LogLine,
  type ReadyRow,
  type StartUberOptions,
  startUber,
  type UberHandle,
} from '../../launcher/index.ts';
import type { Placement } from './placements.ts';
import { PROGRAMS, type Program, type ProgramName } from './programs.ts';
import { isListening, makeProject, REPOSITORY, type TestProject } from './project.ts';

/** How long a line may take to come, in milliseconds: below the limit of a test, so that what runs is stopped. */
const LINE_LIMIT_MS = 20_000;

/** A program that is ready. */
export interface ProgramRun extends AsyncDisposable {
  readonly uber: UberHandle;
  readonly project: TestProject;
  /** Its row when it became ready. */
  readonly row: ReadyRow;
  /** Its base URL, without a slash at the end. */
  readonly url: string;
  /** Everything it has written so far. */
  readonly lines: readonly LogLine[];
  /**
   * Resolves with the first line that contains the text, written already or later.
   * @throws Error with all it has written, when the line does not come
   */
  line(text: string): Promise<LogLine>;
  /**
   * Stops it, as leaving the scope does.
   * @throws Error when a stop was no clean one, or something is left
   */
  stop(): Promise<void>;
}

/** The options that make services live in a placement. How placements are asked for is known here only, and below. */
export function inPlacement(placement: Placement): Partial<StartUberOptions> {
  return { isolation: placement };
}

/** The same for the command line. */
export function placementArguments(placement: Placement): readonly string[] {
  return ['--isolation', placement];
}

/** A project with a copy of the program, and of the packages installed here. */
export function makeProgramProject(name: ProgramName): TestProject {
  // One link for all packages: the suite makes many projects, and none of the programs needs `uberservice`.
  const project = makeProject({ packages: false });
  symlinkSync(join(REPOSITORY, 'node_modules'), project.path('node_modules'), 'junction');
  const source = join(REPOSITORY, 'test', 'fixtures', 'programs', name);
  cpSync(source, project.path('programs', name), { recursive: true });
  return project;
}

/**
 * Starts a program as its entry in {@link PROGRAMS} says.
 * @param prepare writes what must be there before it starts, for example certificates
 * @throws UberError when it does not become ready; nothing is left then
 */
export async function startProgram(
  name: ProgramName,
  placement: Placement,
  prepare: (project: TestProject) => void = () => undefined,
): Promise<ProgramRun> {
  const project = makeProgramProject(name);
  try {
    prepare(project);
    return await start(name, placement, project);
  } catch (error) {
    project[Symbol.dispose]();
    throw error;
  }
}

async function start(name: ProgramName, placement: Placement, project: TestProject): Promise<ProgramRun> {
  const output = new Output();
  const { service }: Program = PROGRAMS[name];
  const uber = await startUber({
    cwd: project.root,
    config: { services: { [name]: service } },
    onLog: (line) => output.take(line),
    ...inPlacement(placement),
  });
  const failures: string[] = [];
  uber.on('failed', ({ error }) => failures.push(error.message));
  const row = uber.snapshot().services.find((each) => each.service === name)?.ready;
  if (row?.url == null) throw new Error(`${name} is ready without a URL`);
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await uber.stop();
    const left = project.leftRuns();
    const isAlive = await isListening(row.url as string);
    const faults = [
      ...failures,
      ...left.map((run) => `left: ${run}`),
      ...(isAlive ? ['it still listens'] : []),
    ];
    if (faults.length > 0) throw new Error(`${name} did not stop as it should: ${faults.join('; ')}`);
  };
  const stopOnce = (): Promise<void> => {
    stopping ??= stop();
    return stopping;
  };
  return {
    uber,
    project,
    row,
    url: row.url,
    lines: output.lines,
    line: (text) => output.line(text),
    stop: stopOnce,
    [Symbol.asyncDispose]: () => stopOnce().finally(() => project[Symbol.dispose]()),
  };
}

/** The lines of a run, and who waits for one. */
class Output {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Set<(line: LogLine) => void>();

  take(line: LogLine): void {
    this.lines.push(line);
    for (const look of [...this.#waiting]) look(line);
  }

  line(text: string): Promise<LogLine> {
    const written = this.lines.find((line) => line.text.includes(text));
    if (written !== undefined) return Promise.resolve(written);
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = (line: LogLine): void => {
        if (!line.text.includes(text)) return;
        finish();
        resolve(line);
      };
      const timer = setTimeout(() => {
        finish();
        const written = this.lines.map((line) => line.text).join('\n');
        reject(new Error(`No line with "${text}" came. Written so far:\n${written}`));
      }, LINE_LIMIT_MS);
      this.#waiting.add(look);
    });
  }
}
