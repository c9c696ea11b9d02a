// Uber itself, in one of its placements.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programProject } from '../project/flavours.ts';
import { REPOSITORY, REPOSITORY_PACKAGES } from '../project/packages.ts';
import type { BenchTools } from '../scenario.ts';
import { Unavailable } from '../unavailable.ts';
import type { Side } from './side.ts';

const DRIVER = join(import.meta.dirname, 'programs', 'uber-driver.mjs');

/** The built launcher in a folder of its own. */
export interface LauncherCopy {
  /** The file of the command. */
  readonly program: string;
  /** The file of the library. */
  readonly library: string;
}

/** Copies the built launcher into an empty folder, so that a build meanwhile does not change what is measured. */
export function copyLauncher(folder: string): LauncherCopy {
  cpSync(join(REPOSITORY, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(REPOSITORY, 'package.json'), join(folder, 'package.json'));
  symlinkSync(REPOSITORY_PACKAGES, join(folder, 'node_modules'), 'junction');
  return { program: join(folder, 'dist', 'cli', 'main.js'), library: join(folder, 'dist', 'index.js') };
}

/** A side for a value of `--isolation`. */
export function uberSide(isolation: string): Side {
  return {
    summary: `uber, placement ${isolation}`,
    prepare: async (tools) => {
      const folder = tools.leftovers.folder();
      const { program, library } = copyLauncher(folder);
      await checkPlacement(program, isolation, tools);
      return {
        title: `uber ${version()}, placement ${isolation}, Node ${process.versions.node}`,
        commands: () => [{ args: [program, 'up', '--json', '--isolation', isolation] }],
        upLine: /"event":"up"/,
        restartable: {
          commands: () => [{ args: [DRIVER, library, isolation] }],
          restart: (run, name) => run.write(`restart ${name}`),
          how: 'handle.restart',
        },
        keeps: [join(folder, '.uber')],
      };
    },
  };
}

/** @throws Unavailable with what uber says, when it does not know the placement */
async function checkPlacement(program: string, isolation: string, tools: BenchTools): Promise<void> {
  const { root } = programProject('', 1, tools);
  try {
    await promisify(execFile)(process.execPath, [program, 'up', '--isolation', isolation, '--dry-run'], {
      cwd: root,
    });
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    throw new Unavailable(said.split('\n')[0] ?? said);
  }
}

function version(): string {
  const { version: of } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string;
  };
  return of;
}
