// Nothing in the README and in docs/ is only said: commands are run, files are used, lists are complete.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ERROR_CODES } from '../../launcher/errors.ts';
import { anchorsOf, commandsOf, type DocBlock, kindOf, linksOf, readBlocks } from '../support/doc-blocks.ts';
import { makeProject, REPOSITORY, type TestProject } from '../support/project.ts';
import { runUber } from '../support/uber-process.ts';
import { Reader } from './reader.ts';

const PAGES = [
  'README.md',
  ...readdirSync(join(REPOSITORY, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Every page in a project of its own: a minute for each. */
const PAGE_MS = 240_000;

function read(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

describe.each(PAGES)('%s', (page) => {
  const markdown = read(page);
  const blocks = readBlocks(markdown);

  test('every block is run, is a file, is an output, or says why it is none of these', () => {
    const unmarked = blocks.filter((block) => kindOf(block) === 'unmarked');
    expect(unmarked.map(({ line, language }) => `${page}:${line} ${language}`)).toEqual([]);
  });

  test('commands that install or test all are run by the file they name', () => {
    const covered = blocks.filter((block) => kindOf(block) === 'covered');
    expect(covered.flatMap((block) => uncovered(block).map((command) => `${command} in ${page}`))).toEqual(
      [],
    );
  });

  test(
    'commands, files and outputs are as in a real terminal',
    async () => {
      using project = makeProject();
      await using reader = new Reader(page, project);
      for (const block of blocks) await reader.follow(block);
      await reader.stop();
      expect(project.leftRuns()).toEqual([]);
      expect(typeErrors(project, blocks)).toBe('');
    },
    PAGE_MS,
  );

  test('links lead to files and headings that exist', () => {
    const dead = linksOf(markdown).filter((target) => !/^https?:/.test(target) && !leads(page, target));
    expect(dead).toEqual([]);
  });
});

test('the quick start of the README starts foo and bar', async () => {
  const write = (): never => {
    throw new Error('nothing is written to the repository');
  };
  await using reader = new Reader('README.md', { root: REPOSITORY, write });
  const blocks = readBlocks(
    '```sh\nnpm run uber -- foo bar\n```\n```text output\n...\n2 services ready in 1 ms. Ctrl+C stops.\n...\n```\n',
  );
  for (const block of blocks) await reader.follow(block);
});

test.each(['up', 'ps', 'env', 'init', 'doctor'])(
  'docs/cli.md names every option of uber %s',
  async (verb) => {
    const { stdout } = await runUber([verb, '--help'], { cwd: REPOSITORY });
    const options = new Set([...stdout.matchAll(/^ .*?(--[a-z-]+) {2}/gm)].map(([, option = '']) => option));
    expect(options.size).toBeGreaterThanOrEqual(5);
    const page = read('docs/cli.md');
    expect([...options].filter((option) => !page.includes(`\`${option}`))).toEqual([]);
  },
);

test('docs/cli.md names no option that does not exist', async () => {
  const pages = [[], ['ps'], ['env'], ['init'], ['doctor']].map((verb) =>
    runUber([...verb, '--help'], { cwd: REPOSITORY }),
  );
  const help = (await Promise.all(pages)).map(({ stdout }) => stdout).join('\n');
  const documented = [...read('docs/cli.md').matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option = '']) => option);
  const positive = documented.map((option) => option.replace(/^--no-/, '--'));
  expect(positive.filter((option) => !help.includes(option))).toEqual([]);
});

test('docs/configuration.md names every key of the configuration', () => {
  const keys = keysOf(JSON.parse(read('dist/uber.schema.json')));
  expect(keys).toEqual(expect.arrayContaining(['services', 'dependsOn', 'timeoutMs']));
  const page = read('docs/configuration.md');
  expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});

test('docs/library.md lists every error code with its exit code, and no other', () => {
  const rows = [...read('docs/library.md').matchAll(/^\| `([A-Z_]+)` +\| (\d) +\|/gm)];
  const documented = rows.map(([, code, exitCode]) => `${code} ${exitCode}`);
  const real = Object.entries(ERROR_CODES).map(([code, { exitCode }]) => `${code} ${exitCode}`);
  expect(documented.sort()).toEqual(real.sort());
});

/** The commands of a block that none of the files it names contains. */
function uncovered(block: DocBlock): string[] {
  const paths = (block.attributes['covered-by'] ?? '').split(',');
  expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  // In a program a command is a list of texts.
  const texts = paths.map((path) => read(path).replace(/[\s'"`,[\]()]+/g, ' '));
  const commands = commandsOf(block).flatMap((line) => line.split(' && '));
  return commands.filter((command) => !texts.some((text) => text.includes(essenceOf(command))));
}

/** A command without what differs from place to place: options, paths, names of packages. */
function essenceOf(command: string): string {
  const [program = '', verb = ''] = command.split(' ');
  const isScript = command.startsWith('npm run');
  return isScript ? command : `${program} ${verb}`;
}

/** True when a link of a page leads to something. */
function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(REPOSITORY, file))) return false;
  return anchor === undefined || anchorsOf(read(file)).includes(anchor);
}

/** What the TypeScript compiler has to say about the files of a page. */
function typeErrors(project: TestProject, blocks: readonly DocBlock[]): string {
  const written = [...new Set(blocks.flatMap(({ attributes }) => attributes.file ?? []))];
  // A folder with a tsconfig.json shows what needs those settings.
  const special = written.filter((path) => path.endsWith('/tsconfig.json')).map((path) => dirname(path));
  const present = written
    .filter((path) => /\.[cm]?ts$/.test(path) && existsSync(project.path(path)))
    .filter((path) => !special.some((folder) => path.startsWith(`${folder}/`)));
  if (present.length === 0) return '';
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
  };
  project.write({ 'tsconfig.docs.json': JSON.stringify({ compilerOptions, files: present }) });
  const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.docs.json'], {
      cwd: project.root,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

/** The names of all properties, at every depth. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: object };
  const inside = Object.values(schema).flatMap((value) => keysOf(value));
  return [...new Set([...Object.keys(properties), ...inside])];
}
