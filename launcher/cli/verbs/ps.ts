// `uber ps`: what runs now, in all live runs of this checkout.
import { dirname, resolve } from 'node:path';
import { findProject } from '../../config/find-project.ts';
import { askLiveRuns, chooseRuns } from '../../control/live-runs.ts';
import { UberError } from '../../errors.ts';
import type { RunSnapshot } from '../../snapshot.ts';
import type { Outcome } from '../outcome.ts';
import { createOutput } from '../output/output.ts';
import { runsText } from '../output/runs-text.ts';
import type { RunArgs } from '../run-options.ts';

/** What the options of `uber ps` parse to. */
export interface PsArgs extends RunArgs {
  readonly _: readonly string[];
}

/** Prints them. */
export async function run(args: PsArgs): Promise<Outcome> {
  const [, extra] = args._;
  if (extra !== undefined)
    throw new UberError('USAGE', `uber ps takes no names, got "${extra}".`, {
      hint: 'It shows all services of the live runs; --run and --namespace choose among the runs.',
    });
  const { config } = args;
  // Where the project is, is all that matters: its configuration may not even be right at the moment.
  const root = config === undefined ? findProject(process.cwd()).root : dirname(resolve(config));
  // A run of this very checkout, and of this version of uber as a rule.
  const live = (await askLiveRuns(root, 'snapshot')) as RunSnapshot[];
  const runs = chooseRuns(live, args, root);
  const output = createOutput(args);
  for (const each of runs) output.event({ event: 'run', ...each });
  output.line(runsText(runs, Date.now(), output.paint));
  await output.end();
  return { exitCode: 0 };
}
