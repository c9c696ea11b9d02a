// Scenarios `edit` and `reset`: one service of a live run is started again, for a new source or for a clean state.
import { projectOrSkip } from '../boot/boot.ts';
import { untilAnswer } from '../measure/call.ts';
import { alternate } from '../measure/rounds.ts';
import type { Run } from '../measure/run.ts';
import { withRuns } from '../measure/with-runs.ts';
import { type Project, saveVersion } from '../project/project.ts';
import { type BenchOptions, type BenchTools, chosen, type Scenario } from '../scenario.ts';
import type { Restartable } from '../sides/side.ts';
import type { SideName, SideShelf } from '../sides/side-table.ts';

const ROUNDS = 5;
const SERVICES = 15;
/** Which of them; any would do. */
const SERVICE = 's08';

/** One turn: does it, and resolves when the service answers as wanted. */
interface Turn {
  readonly run: Run;
  readonly project: Project;
  readonly restartable: Restartable;
}

export const editScenario: Scenario = {
  summary: 'From a saved file of one among 15 services until the new code answers',
  title: 'Edit to answer',
  reference: 'process',
  explanation: [
    'From the save until the new code answers. uber has no watch mode yet: the restart is asked for with the save.',
  ],
  run: (options, tools, shelf) =>
    renew('edit', ['process', 'watch', 'watt', 'thread', 'shared'], options, tools, shelf),
};

export const resetScenario: Scenario = {
  summary: 'One among 15 services back to a clean state',
  title: 'Reset',
  reference: 'process',
  explanation: [
    'From the command until the service answers with a fresh state. A process is killed and started again.',
  ],
  run: (options, tools, shelf) => renew('reset', ['process', 'thread', 'shared'], options, tools, shelf),
};

let version = 1;

const TURNS: Readonly<Record<'edit' | 'reset', (turn: Turn) => Promise<void>>> = {
  edit: async ({ run, project, restartable }) => {
    version += 1;
    const wanted = version;
    saveVersion(project, SERVICE, wanted);
    restartable.restart?.(run, SERVICE);
    await untilAnswer(
      () => `${run.url(SERVICE)}/hello`,
      (answer) => answer.version === wanted,
    );
  },
  reset: async ({ run, restartable }) => {
    restartable.restart?.(run, SERVICE);
    await untilAnswer(
      () => `${run.url(SERVICE)}/count`,
      ({ calls }) => calls === 1,
    );
  },
};

async function renew(
  scenario: 'edit' | 'reset',
  names: readonly SideName[],
  options: BenchOptions,
  tools: BenchTools,
  shelf: SideShelf,
): Promise<void> {
  const [flavour = 'js'] = options.flavours ?? [];
  const count = Math.max(...(options.services ?? [SERVICES]));
  const makeOne = async (): Promise<Project> => {
    const project = await projectOrSkip(flavour, Math.max(count, Number(SERVICE.slice(1))), tools);
    if (project === null) throw new Error('its packages are missing');
    return project;
  };
  const sides = await shelf.available(chosen(options, names));
  await withRuns(
    { title: scenario, sides, project: makeOne, tools, isRestartable: true },
    async (runs, projects) => {
      const measure = async (name: SideName, isMeasured: boolean): Promise<void> => {
        const [run, project] = [runs.get(name), projects.get(name)];
        const { restartable } = await shelf.prepared(name);
        if (run === undefined || project === undefined || restartable === null)
          throw new Error('it is not running');
        // Its state is no longer the first.
        if (scenario === 'reset')
          await untilAnswer(
            () => `${run.url(SERVICE)}/count`,
            ({ calls }) => Number(calls) > 1,
          );
        const beganMs = performance.now();
        await TURNS[scenario]({ run, project, restartable });
        const answerMs = performance.now() - beganMs;
        tools.progress(`${scenario}, ${name}, ${restartable.how}: ${answerMs.toFixed(0)} ms`);
        const key = { scenario, what: flavour, services: project.services.length, side: name } as const;
        if (isMeasured) tools.figures.add({ ...key, metric: 'answerMs' }, answerMs);
      };
      await alternate(
        { title: scenario, names: [...runs.keys()], rounds: options.rounds ?? ROUNDS, measure },
        tools,
      );
    },
  );
}
