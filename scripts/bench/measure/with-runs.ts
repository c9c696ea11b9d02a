// Runs of several sides that live side by side.
import type { Project } from '../project/project.ts';
import type { BenchTools } from '../scenario.ts';
import type { PreparedSide } from '../sides/side.ts';
import { type Run, startRun } from './run.ts';

interface Runs<Name extends string> {
  readonly sides: readonly (readonly [Name, PreparedSide])[];
  /** Makes a project for each. */
  readonly project: () => Project | Promise<Project>;
  /** What is measured, to tell of a failure. */
  readonly title: string;
  readonly tools: BenchTools;
  readonly isRestartable?: boolean;
}

/** Lends a live run of each side, and stops them all; a side that does not come up is told and left out. */
export async function withRuns<Name extends string>(
  { title, sides, project, tools, isRestartable = false }: Runs<Name>,
  use: (runs: ReadonlyMap<Name, Run>, projects: ReadonlyMap<Name, Project>) => Promise<void>,
): Promise<void> {
  const runs = new Map<Name, Run>();
  const projects = new Map<Name, Project>();
  try {
    for (const [name, side] of sides) {
      try {
        const own = await project();
        runs.set(name, await startRun({ side, project: own, tools, isRestartable }));
        projects.set(name, own);
      } catch (error) {
        tools.fail(`${name}, ${title},`, (error as Error).message);
      }
    }
    await use(runs, projects);
  } finally {
    await Promise.all(
      [...runs].map(([name, run]) =>
        run.stop().catch((error: Error) => tools.fail(`${name}, ${title},`, error.message)),
      ),
    );
  }
}
