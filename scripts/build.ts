// Builds dist/: the launcher bundled with its libraries, the worker entry, the types and the JSON Schema.
// With --if-stale it does nothing when dist/ is newer than every source.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { importBuiltinsCheaply } from './cheap-builtins.ts';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'dist', '.stamp');

if (process.argv.includes('--if-stale') && isFresh()) process.exit(0);

shimExec();

const draft = join(root, `dist.${process.pid}`);
rmSync(draft, { recursive: true, force: true });
try {
  await Promise.all([bundleLauncher(), bundleWorker(), emitTypes()]);
  await writeSchema();
  writeFileSync(join(draft, '.stamp'), '');
  // Swapped whole, so that a running test never sees half of it.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(draft, join(root, 'dist'));
} finally {
  rmSync(draft, { recursive: true, force: true });
}

/**
 * The script `uber` says `exec node ...`: without it some shells (dash) stay between npm and node, and a signal sent to
 * npm never arrives. Windows' cmd has no such word, so there it is given one that runs its arguments.
 */
function shimExec(): void {
  if (process.platform === 'win32') writeFileSync(join(root, 'node_modules', '.bin', 'exec.cmd'), '@%*\r\n');
}

function isFresh(): boolean {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = [
    ...globSync('launcher/**/*.ts', { cwd: root }),
    'scripts/build.ts',
    'scripts/cheap-builtins.ts',
    'package-lock.json',
  ];
  return sources.every((path) => statSync(join(root, path)).mtimeMs < built);
}

/** Libraries are bundled: a fifth of the load time and memory of the same libraries as separate packages. */
async function bundleLauncher(): Promise<void> {
  const { metafile } = await build({
    ...shared(),
    entryPoints: { index: 'launcher/index.ts', 'cli/main': 'launcher/cli/main.ts' },
    outdir: draft,
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // CommonJS libraries in the bundle call require, for modules of Node only.
    banner: { js: 'const require = process.getBuiltinModule;' },
    // yargs measures text with string-width, whose Unicode tables cost 60 ms at every start; our texts are plain.
    alias: { 'string-width': 'fast-string-width', 'wrap-ansi': './launcher/cli/output/wrap-plain.ts' },
    external: ['esbuild', 'oxc-transform', 'pino'],
    metafile: true,
  });
  const scripts = Object.keys(metafile.outputs).filter((path) => path.endsWith('.js'));
  for (const path of scripts) rewrite(join(root, path), importBuiltinsCheaply);
  writeLicenses(Object.keys(metafile.inputs));
  chmodSync(join(draft, 'cli', 'main.js'), 0o755);
}

function rewrite(path: string, change: (code: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

/** The licenses of what is bundled ask to be passed on with it. */
function writeLicenses(inputs: readonly string[]): void {
  const folders = inputs.map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const texts = [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: join(root, folder) });
      const text =
        file === undefined ? `License: ${license}` : readFileSync(join(root, folder, file), 'utf8');
      return `${name} ${version}\n\n${text.trim()}\n`;
    });
  writeFileSync(join(draft, 'THIRD-PARTY-LICENSES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

async function bundleWorker(): Promise<void> {
  await build({
    ...shared(),
    entryPoints: Object.fromEntries(
      ['worker', 'thread', 'shared-worker', 'child', 'nested', 'cluster-worker', 'permissions'].map(
        (name) => [`inside/${name}`, `launcher/inside/${name}.ts`],
      ),
    ),
    outdir: draft,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    external: ['pino'],
  });
}

function shared(): BuildOptions {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node22.18',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    minifySyntax: true,
  };
}

async function emitTypes(): Promise<void> {
  mkdirSync(draft, { recursive: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(
    process.execPath,
    [tsc, '-p', 'launcher/tsconfig.build.json', '--outDir', join(draft, 'types')],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}

async function writeSchema(): Promise<void> {
  const { configFileJsonSchema } = await import('../launcher/config/schema.ts');
  writeFileSync(join(draft, 'uber.schema.json'), `${JSON.stringify(configFileJsonSchema(), null, 2)}\n`);
}
