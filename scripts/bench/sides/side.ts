// What is compared: a way to run a project of services. Uber's placements and its peers are entries of one table.
import type { Run } from '../measure/run.ts';
import type { Project } from '../project/project.ts';
import type { BenchTools } from '../scenario.ts';

/** One Node process. */
export interface Command {
  /** Arguments for Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a service of a live run is started again, with what its file holds now. */
export interface Restartable {
  /** How the run is begun for it. */
  readonly commands: (project: Project) => readonly Command[];
  /** Null when saving the file is enough. */
  readonly restart: ((run: Run, name: string) => void) | null;
  /** Told beside the figure. */
  readonly how: string;
}

/** A side that can be run here and now. */
export interface PreparedSide {
  /** With versions, for people. */
  readonly title: string;
  /** What begins a run; a side of many processes has many. May write files of its own into the project. */
  readonly commands: (project: Project) => readonly Command[];
  /** The line with which a launcher says that all are up; null when the lines of the services must do. */
  readonly upLine: RegExp | null;
  readonly restartable: Restartable | null;
  /** Folders that it keeps between runs, beside `.uber` of the project: missing in a cold clone. */
  readonly keeps?: readonly string[];
}

/** A side of comparisons. */
export interface Side {
  /** One line for `--help`. */
  readonly summary: string;
  /** @throws Unavailable when it cannot be run here */
  readonly prepare: (tools: BenchTools) => Promise<PreparedSide>;
}
