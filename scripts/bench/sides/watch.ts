// What many teams use: `concurrently` with a `tsx watch` for each service.
import { delimiter, dirname, join } from 'node:path';
import { install } from '../project/packages.ts';
import type { Project } from '../project/project.ts';
import type { Command, Side } from './side.ts';

const PACKAGES = { concurrently: '10.0.7', tsx: '4.23.15' };

export const WATCH: Side = {
  summary: 'concurrently with a `tsx watch` for each service',
  prepare: async (tools) => {
    const packages = await install('watch', PACKAGES, tools);
    const commands = ({ services }: Project): Command[] => [
      {
        args: [
          join(packages, 'concurrently', 'dist', 'bin', 'index.js'),
          ...services.map(({ file }) => `tsx watch ${JSON.stringify(file)}`),
        ],
        env: { PATH: [dirname(process.execPath), join(packages, '.bin'), process.env.PATH].join(delimiter) },
      },
    ];
    return {
      title: `concurrently ${PACKAGES.concurrently} with tsx ${PACKAGES.tsx} watch, Node ${process.versions.node}`,
      commands,
      upLine: null,
      restartable: { commands, restart: null, how: 'the file is saved' },
    };
  },
};
