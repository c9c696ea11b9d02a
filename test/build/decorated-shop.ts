// A project with one service, `shop`, whose decorators have metadata.
import { startUber } from '../../launcher/start-uber.ts';
import type { TestProject } from '../support/project.ts';

/** The answer of the one service of a project. */
export async function answerOf(project: TestProject): Promise<string> {
  await using uber = await startUber({ cwd: project.root });
  const [url = ''] = Object.values(uber.urls);
  return (await fetch(url)).text();
}

/** The files of the service, by their paths in the project; `options` are compiler options. */
export function shop(
  files: Record<string, string>,
  options: Record<string, unknown> = {},
): Record<string, string> {
  const entries = Object.entries({ ...files, 'tsconfig.json': tsconfig(options) });
  return Object.fromEntries(entries.map(([name, content]) => [`services/shop/${name}`, content]));
}

function tsconfig(options: Record<string, unknown> = {}): string {
  const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true, ...options };
  return JSON.stringify({ compilerOptions });
}
