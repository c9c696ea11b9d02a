// The sides whose boot is compared, each as a command: a bare thread, uber without interception, uber.
import { cpSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import type { Leftovers } from '../leftovers.ts';
import { REPOSITORY } from '../project/packages.ts';
import { copyLauncher } from '../sides/uber.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');

/**
 * The seam to launcher/inside: the functions that replace what Node has, by concern. The only place to change when they
 * get other names; a name that does not exist is left out, and the report says which were found.
 */
const INTERCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  listen: ['interceptListen', 'noteDatagrams'],
  process: ['presentAsProcess'],
  fs: ['resolvePathsInScope'],
  children: ['keepChildren', 'adoptNestedWorkers'],
};

export const SIDES = ['bare', 'entry', 'uber'] as const;

export type Side = (typeof SIDES)[number];

export interface Sides {
  /** Arguments for Node that boot the services of a project, one after the other. */
  readonly args: Readonly<Record<Side, (files: readonly string[]) => readonly string[]>>;
  /** The concerns that `uber` intercepts and `entry` does not. */
  readonly concerns: readonly string[];
}

/** Prepares all sides in temporary folders. */
export async function makeSides(leftovers: Leftovers): Promise<Sides> {
  const folders = { entry: leftovers.folder(), uber: leftovers.folder() };
  const { program: uber } = copyLauncher(folders.uber);
  const { program: entry } = copyLauncher(folders.entry);
  for (const folder of Object.values(folders)) putBeforeEntry(folder);
  const concerns = await buildWithout(join(folders.entry, 'dist', 'inside', 'worker.inner.cjs'));
  return {
    args: {
      bare: (files) => [join(PROGRAMS, 'bare.mjs'), join(PROGRAMS, 'entry.cjs'), ...files],
      entry: () => [entry, 'up', '--json'],
      uber: () => [uber, 'up', '--json'],
    },
    concerns,
  };
}

/** The file that placement `thread` loads becomes ours; it hands over to the real one. */
function putBeforeEntry(folder: string): void {
  const inside = join(folder, 'dist', 'inside');
  renameSync(join(inside, 'worker.cjs'), join(inside, 'worker.inner.cjs'));
  cpSync(join(PROGRAMS, 'entry.cjs'), join(inside, 'worker.cjs'));
}

/** Builds the entry of threads as scripts/build.ts does, but with interceptions that return at once. */
async function buildWithout(outfile: string): Promise<string[]> {
  const found = new Set<string>();
  await build({
    entryPoints: [join(REPOSITORY, 'launcher', 'inside', 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22.18',
    format: 'cjs',
    external: ['pino'],
    legalComments: 'none',
    logLevel: 'silent',
    minifySyntax: true,
    plugins: [
      {
        name: 'without-interception',
        setup({ onLoad }) {
          onLoad({ filter: /[\\/]launcher[\\/]inside[\\/][^\\/]+\.ts$/ }, ({ path }) => {
            const { contents, concerns } = emptied(readFileSync(path, 'utf8'));
            for (const concern of concerns) found.add(`${concern} (${basename(path)})`);
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  if (found.size === 0) throw new Error('none of the interceptions exists: see INTERCEPTIONS in entries.ts');
  return [...found].sort();
}

function emptied(source: string): { contents: string; concerns: string[] } {
  const concerns: string[] = [];
  let contents = source;
  for (const [concern, names] of Object.entries(INTERCEPTIONS)) {
    for (const name of names) {
      // The head of a function ends at the first brace that ends a line.
      const head = new RegExp(`export function ${name}\\([^]*?\\{\\n`).exec(contents)?.[0];
      if (head === undefined) continue;
      concerns.push(concern);
      contents = contents.replace(head, `${head}  if (Date.now() > 0) return;\n`);
    }
  }
  return { contents, concerns };
}
