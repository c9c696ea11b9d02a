// The words of `uber env`.
import { defineCommand } from '../command.ts';
import { SELECTION_OPTIONS, type SelectionArgs } from '../selection-options.ts';

export const envCommand = defineCommand<SelectionArgs>({
  usage: ['env [services..]'],
  summary: 'Show the environment of a service, each value with its origin, secrets masked',
  examples: [
    ['uber env foo', 'Every variable of foo'],
    ['uber env foo --env foo.LOG_LEVEL=debug', 'As it would be with this flag'],
  ],
  options: SELECTION_OPTIONS,
  load: () => import('../verbs/env.ts'),
});
