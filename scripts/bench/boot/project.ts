// A temporary project of N Express services, the same files for both launchers.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Flavour } from '../scenario.ts';

/** The project on disk. */
export interface Project {
  readonly root: string;
  /** In the order they are started. */
  readonly services: readonly { readonly name: string; readonly file: string }[];
}

/**
 * Writes a project into an empty folder.
 * @param packages the `node_modules` its services find Express in
 */
export function writeProject(root: string, count: number, flavour: Flavour, packages: string): Project {
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'bench', private: true, type: 'module' }));
  symlinkSync(packages, join(root, 'node_modules'), 'junction');
  const services = Array.from({ length: count }, (_, index) => {
    const name = `s${String(index + 1).padStart(2, '0')}`;
    const file = join(root, 'services', name, `index.${flavour}`);
    mkdirSync(join(root, 'services', name), { recursive: true });
    writeFileSync(file, SOURCES[flavour](name));
    return { name, file };
  });
  return { root, services };
}

const SOURCES: Readonly<Record<Flavour, (name: string) => string>> = {
  js: (name) => `import express from 'express';

const app = express();
app.get('/hello', (request, response) => response.json({ from: '${name}' }));
export default app;
`,
  ts: (name) => `import express, { type Express, type Request, type Response } from 'express';

interface Hello {
  readonly from: string;
}

const hello: Hello = { from: '${name}' };
const app: Express = express();
app.get('/hello', (_request: Request, response: Response): void => {
  response.json(hello);
});
export default app;
`,
};
