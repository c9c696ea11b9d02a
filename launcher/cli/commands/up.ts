// The words of `uber up`, which is `uber foo bar` too.
import { RESTART_POLICIES } from '../../names.ts';
import { defineCommand } from '../command.ts';
import { SELECTION_OPTIONS } from '../selection-options.ts';
import type { UpArgs } from '../verbs/up.ts';

export const upCommand = defineCommand<UpArgs>({
  usage: ['up [services..]', '$0'],
  summary: 'Start services and keep them running until Ctrl+C',
  examples: [
    ['uber foo bar', 'Start foo and bar, and what they depend on'],
    ["uber 'acc*' '!accounting'", 'All that begin with acc, but one'],
    ['uber @core --env foo.LOG_LEVEL=debug', 'A group, with a variable for one service'],
    ['uber up', 'Start all services'],
    ['uber foo --dry-run', 'Show what would be started'],
    ['uber foo --restart never', 'A service that crashes stays down'],
    ['uber foo --json', 'Events as JSON, one a line'],
  ],
  options: {
    ...SELECTION_OPTIONS,
    'dry-run': { describe: 'Print the plan and start nothing', type: 'boolean', default: false },
    keep: { describe: 'Keep data directories and logs at the end', type: 'boolean', default: false },
    host: { describe: 'Address to bind; default: 127.0.0.1', type: 'string', requiresArg: true },
    restart: {
      describe: 'What happens to services that end on their own, where the configuration does not say',
      choices: RESTART_POLICIES,
      default: 'on-failure',
      requiresArg: true,
    },
    'wait-timeout': {
      describe: 'Give up (exit code 4) when not all are ready after so many seconds',
      type: 'number',
      requiresArg: true,
    },
  },
  load: () => import('../verbs/up.ts'),
});
