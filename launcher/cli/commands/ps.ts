// The words of `uber ps`.
import { defineCommand } from '../command.ts';
import { RUN_OPTIONS } from '../run-options.ts';
import type { PsArgs } from '../verbs/ps.ts';

export const psCommand = defineCommand<PsArgs>({
  usage: ['ps'],
  summary: 'Show the live runs of this checkout and their services',
  examples: [
    ['uber ps', 'All live runs'],
    ['uber ps --namespace e2e', 'Those of a namespace'],
    ['uber ps --json', 'One JSON object a run'],
  ],
  options: RUN_OPTIONS,
  load: () => import('../verbs/ps.ts'),
});
