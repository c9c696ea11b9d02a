// Projects for tests: a temporary folder with files, fixture services and the packages of this repository.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const REPOSITORY: string = join(import.meta.dirname, '..', '..');

/** A project that is removed at the end of the scope that holds it. */
export interface TestProject extends Disposable {
  readonly root: string;
  path(...segments: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  /** Folders of runs that were not removed. */
  leftRuns(): string[];
}

export interface ProjectOptions {
  /** Path below the root -> content. */
  files?: Record<string, string>;
  /** Name of a service -> name of a folder or file in test/fixtures/services. */
  services?: Record<string, string>;
  /** False: a project in which nothing is installed. */
  packages?: boolean | 'without-uberservice';
}

export function makeProject({
  files = {},
  services = {},
  packages = true,
}: ProjectOptions = {}): TestProject {
  const root = mkdtempSync(join(tmpdir(), 'uber-test-'));
  const project: TestProject = {
    root,
    path: (...segments) => join(root, ...segments),
    write: (more) => {
      for (const [name, content] of Object.entries(more)) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        writeFileSync(join(root, name), content);
      }
    },
    leftRuns: () => (existsSync(join(root, '.uber', 'runs')) ? readdirSync(join(root, '.uber', 'runs')) : []),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  project.write({ 'package.json': '{ "type": "module", "private": true }\n', ...files });
  for (const [name, fixture] of Object.entries(services)) {
    const source = join(REPOSITORY, 'test', 'fixtures', 'services', fixture);
    cpSync(source, join(root, 'services', name), { recursive: true });
  }
  if (packages !== false) installPackages(join(root, 'node_modules'), packages === true);
  return project;
}

/** Links to everything installed here, and to this repository as the package `uberservice`. */
function installPackages(folder: string, withUberservice: boolean): void {
  mkdirSync(folder);
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(folder, name), 'junction');
  }
  if (withUberservice) symlinkSync(REPOSITORY, join(folder, 'uberservice'), 'junction');
}

/** True when something accepts connections there. */
export function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

/**
 * Resolves when nothing accepts connections there any more: a process that was killed closes what it has open one after
 * the other. A test that waits in vain runs out of time.
 */
export async function untilClosed(url: string): Promise<void> {
  while (await isListening(url)) await new Promise((resolve) => setImmediate(resolve));
}
