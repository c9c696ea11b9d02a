// The words of `uber init`.
import { defineCommand } from '../command.ts';
import type { InitArgs } from '../verbs/init.ts';

export const initCommand = defineCommand<InitArgs>({
  usage: ['init'],
  summary: 'Look at this repository and write a configuration that runs it',
  examples: [
    ['uber init', 'Write uber.config.ts, or uber.config.json without TypeScript'],
    ['uber init --dry-run', 'Show what would be written'],
    ['uber init --force', 'Write it anew'],
  ],
  options: {
    'dry-run': { describe: 'Print the configuration and write nothing', type: 'boolean', default: false },
    force: { describe: 'Replace a configuration that exists', type: 'boolean', default: false },
  },
  load: () => import('../verbs/init.ts'),
});
