// What a person writes without a launcher: worker threads, processes, and one process with all routes.
import { join } from 'node:path';
import type { Side } from './side.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');
const NODE = `Node ${process.versions.node}`;

/** A worker thread for each service. */
export const BARE: Side = {
  summary: 'worker threads started by hand',
  prepare: async () => ({
    title: `worker threads started by hand, ${NODE}`,
    commands: ({ services }) => [
      { args: [join(PROGRAMS, 'workers.mjs'), ...services.map(({ file }) => file)] },
    ],
    upLine: null,
    restartable: null,
  }),
};

/** A process for each service. */
export const PROCESSES: Side = {
  summary: 'a node process for each service',
  prepare: async () => ({
    title: `a process for each service, ${NODE}`,
    commands: ({ services }) => services.map(({ file }) => ({ args: [file] })),
    upLine: null,
    restartable: {
      commands: ({ services }) => services.map(({ file }) => ({ args: [file] })),
      restart: (run, name) => run.respawn(name),
      how: 'killed and started again',
    },
  }),
};

/** The lower limit: nobody can run the routes of all services with less. */
export const SINGLE: Side = {
  summary: 'one Express process with the routes of all services: the lower limit',
  prepare: async () => ({
    title: `one Express process with all routes, ${NODE}`,
    commands: ({ root, services, preload }) => [
      {
        args: [join(PROGRAMS, 'single.mjs'), root, services.map(({ name }) => name).join(), preload.join()],
      },
    ],
    upLine: null,
    restartable: null,
  }),
};
