// Platformatic Watt: every service an application of its runtime, each in a worker thread.
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { install, linkPackages } from '../project/packages.ts';
import type { Project } from '../project/project.ts';
import type { Command, Side } from './side.ts';

/** The newest of each when this was written; both are of one release train. */
const PACKAGES = { wattpm: '3.67.0', '@platformatic/node': '3.65.0' };

export const WATT: Side = {
  summary: 'Platformatic Watt, every service an application of its runtime',
  prepare: async (tools) => {
    const packages = await install('watt', PACKAGES, tools);
    const program = join(packages, 'wattpm', 'bin', 'cli.js');
    const run =
      (verb: string) =>
      (project: Project): Command[] => {
        configure(project, packages);
        return [{ args: [program, verb, project.root] }];
      };
    return {
      title: `wattpm ${PACKAGES.wattpm} with @platformatic/node ${PACKAGES['@platformatic/node']}, Node ${process.versions.node}`,
      commands: run('start'),
      upLine: /Platformatic is now listening at/,
      restartable: { commands: run('dev'), restart: null, how: '`wattpm dev`, the file is saved' },
    };
  },
};

function configure({ root, services }: Project, packages: string): void {
  linkPackages(join(root, 'node_modules'), [packages]);
  const schema = (name: string, version: string): string =>
    `https://schemas.platformatic.dev/${name}/${version}.json`;
  write(join(root, 'watt.json'), {
    $schema: schema('wattpm', PACKAGES.wattpm),
    entrypoint: services[0]?.name,
    autoload: { path: 'services' },
    server: { hostname: '127.0.0.1', port: 0 },
  });
  for (const { file } of services) {
    write(join(dirname(file), 'watt.json'), {
      $schema: schema('@platformatic/node', PACKAGES['@platformatic/node']),
      node: { main: basename(file) },
    });
  }
}

function write(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content));
}
