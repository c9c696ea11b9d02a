// All that a program can see of its process, read by `node program` and by the same program as a service: what differs
// is what docs/service-contract.md lists, no more and no less.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLACEMENTS, type Placement } from '../support/placements.ts';
import { makeProject, REPOSITORY, type TestProject } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

type Seen = Readonly<Record<string, string>>;

/** Name of the service -> its file. */
const PROGRAMS = { script: 'script.cjs', module: 'module.mjs' };
/** Where docs/service-contract.md lists what differs. */
const HEADINGS: Record<Placement, readonly string[]> = {
  thread: ['### What a program can read in a thread'],
  shared: ['### What a program can read in a thread', '### What a program can read in a shared thread'],
  process: ['### What a program can read in a process of its own'],
};

function makeProbeProject(): TestProject {
  const services = Object.entries(PROGRAMS).map(([name, file]) => [name, `./probe/${file}`]);
  const config = JSON.stringify({ services: Object.fromEntries(services) });
  const project = makeProject({ files: { 'uber.config.json': config }, packages: false });
  cpSync(join(REPOSITORY, 'test', 'fixtures', 'probe'), project.path('probe'), {
    recursive: true,
  });
  mkdirSync(project.path('seen'));
  return project;
}

/** Both sides are given this, and nothing that a shell or jest has put there. */
function environment(project: TestProject): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return { PATH, HOME, PROBE_FOLDER: project.path('seen'), ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

async function seenByProcess(project: TestProject, name: keyof typeof PROGRAMS): Promise<Seen> {
  const child = spawn(process.execPath, [project.path('probe', PROGRAMS[name])], {
    cwd: project.path('probe'),
    env: { ...environment(project), PROBE_NAME: name },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  return readSeen(project, name);
}

/** Both programs, each as a service. */
async function seenByServices(
  project: TestProject,
  placement: Placement,
): Promise<Record<keyof typeof PROGRAMS, Seen>> {
  await using uber = new UberProcess(['up', '--json', '--isolation', placement], {
    cwd: project.root,
    env: environment(project),
    inherit: false,
  });
  await uber.event('up');
  uber.kill('SIGTERM');
  await uber.ended;
  return { script: readSeen(project, 'script'), module: readSeen(project, 'module') };
}

function readSeen(project: TestProject, name: string): Seen {
  return JSON.parse(readFileSync(project.path('seen', `${name}.json`), 'utf8')) as Seen;
}

function differences(one: Seen, other: Seen): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => one[key] !== other[key]);
}

/** The keys in the first column of the table, in which `*` stands for any text. */
function documentedKeys(headings: readonly string[]): string[] {
  const page = readFileSync(join(REPOSITORY, 'docs', 'service-contract.md'), 'utf8');
  const tables = headings.map((heading) => page.split(`${heading}\n`)[1]?.split(/^#/m)[0]);
  const table = tables.join('\n');
  const cells = [...table.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key));
}

function isMeant(key: string, documented: string): boolean {
  const literal = documented.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(key);
}

test.each(PLACEMENTS)(
  'what a program reads of its process differs in a %s only as documented',
  async (placement) => {
    using project = makeProbeProject();
    const plain = {
      script: await seenByProcess(project, 'script'),
      module: await seenByProcess(project, 'module'),
    };
    expect(Object.keys(plain.script).length).toBeGreaterThan(500);
    // From the second start on, modules are loaded from what the first has compiled.
    const first = await seenByServices(project, placement);
    const served = await seenByServices(project, placement);
    expect(Object.keys(served.script)).toEqual(Object.keys(first.script));
    const found = [...differences(plain.script, served.script), ...differences(plain.module, served.module)];
    const documented = documentedKeys(HEADINGS[placement]);
    expect(documented.length).toBeGreaterThan(3);
    const surprises = found.filter((key) => !documented.some((known) => isMeant(key, known)));
    expect([...new Set(surprises)]).toEqual([]);
    // What another system does not have, such as user ids on Windows, cannot differ there.
    if (process.platform === 'linux')
      // In a shared thread not all that stands for a thread must be found.
      expect(
        documentedKeys(HEADINGS[placement].slice(-1)).filter(
          (known) => !found.some((key) => isMeant(key, known)),
        ),
      ).toEqual([]);
  },
);
