// The words of `uber doctor`.
import { defineCommand } from '../command.ts';
import type { DoctorArgs } from '../verbs/doctor.ts';

export const doctorCommand = defineCommand<DoctorArgs>({
  usage: ['doctor [services..]'],
  summary: 'Look for what will not work, with file and line; starts nothing',
  examples: [
    ['uber doctor', 'Examine all services'],
    ['uber doctor foo bar', 'Examine two services'],
    ['uber doctor --json', 'One event for each finding, and a summary'],
  ],
  options: {},
  load: () => import('../verbs/doctor.ts'),
});
