// The live runs of a project: those whose control socket answers.
import { UberError } from '../errors.ts';
import { listRunFolders, runsFolder } from '../resources/run-registry.ts';
import { stateFolder } from '../resources/state-folder.ts';
import { callControl } from './control-client.ts';

/** What every run says of itself. */
export interface RunFacts {
  readonly run: string;
  readonly namespace: string;
}

/** Which runs are meant; what is undefined leaves all. */
export interface RunChoice {
  /** Id of a run, or how it begins. */
  readonly run: string | undefined;
  readonly namespace: string | undefined;
}

/**
 * Asks every run of a project, all at the same time.
 * @param root of the project
 * @param method of the control socket; its answer has the facts of the run in it
 * @returns the answers of those that live, oldest run first
 * @throws UberError `TIMED_OUT` when a live run does not answer
 */
export async function askLiveRuns(root: string, method: string): Promise<RunFacts[]> {
  const folders = listRunFolders(runsFolder(stateFolder(root)));
  const answers = await Promise.all(folders.map((folder) => askIfAlive(folder, method)));
  return answers.filter(isRunFacts);
}

/**
 * The runs that are meant.
 * @throws UberError `NOT_RUNNING` when there are none
 */
export function chooseRuns<Run extends RunFacts>(
  runs: readonly Run[],
  { run, namespace }: RunChoice,
  root: string,
): Run[] {
  const chosen = runs.filter(
    (each) =>
      (run === undefined || each.run.startsWith(run)) &&
      (namespace === undefined || each.namespace === namespace),
  );
  if (chosen.length > 0) return chosen;
  if (runs.length === 0)
    throw new UberError('NOT_RUNNING', `No run of ${root} is live.`, { hint: 'Start one: uber up' });
  const wanted = [
    ...(run === undefined ? [] : [`"${run}"`]),
    ...(namespace === undefined ? [] : [`of namespace "${namespace}"`]),
  ].join(' ');
  const live = runs.map((each) => `${each.run} (namespace ${each.namespace})`).join(', ');
  throw new UberError('NOT_RUNNING', `No run ${wanted} is live. Live: ${live}.`);
}

/** Null for a run that has ended, or does not listen yet. */
async function askIfAlive(folder: string, method: string): Promise<unknown> {
  try {
    return await callControl(folder, method);
  } catch (error) {
    if (error instanceof UberError && error.code === 'NOT_RUNNING') return null;
    throw error;
  }
}

function isRunFacts(answer: unknown): answer is RunFacts {
  const { run, namespace } = (answer ?? {}) as Partial<Record<keyof RunFacts, unknown>>;
  return typeof run === 'string' && typeof namespace === 'string';
}
