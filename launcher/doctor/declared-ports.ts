// Ports that the root of a repository gives to services: in its scripts, and in what compose publishes.
import { resolve } from 'node:path';
import { readPackageFile } from '../package-file.ts';
import { readCompose, sourceFolder } from '../repository/compose.ts';
import { maskSubstitutions } from '../repository/shell-substitutions.ts';
import { readShellLine } from '../repository/shell-words.ts';

/** One port, and the folder or file it is for. */
export interface DeclaredPort {
  /** Absolute. */
  readonly path: string;
  readonly port: number;
  /** True for one that compose publishes: the program itself may have another. */
  readonly isPublished: boolean;
}

/** All such ports of a root. What cannot be read gives none. */
export function readDeclaredPorts(root: string): DeclaredPort[] {
  const lines = Object.values(readPackageFile(root)?.scripts ?? {});
  return [...lines.flatMap((line) => inLine(line, root)), ...inCompose(root)];
}

/** `cd api && PORT=5001 node x.js` is for the folder; `PORT=5001 node api/x.js` is for the file. */
function inLine(line: string, root: string): DeclaredPort[] {
  const { text, isOpen } = maskSubstitutions(line);
  if (isOpen) return [];
  return readShellLine(text).flatMap(({ words, env, folders }) => {
    const inline = words.find((word) => word.startsWith('PORT='))?.slice('PORT='.length);
    const port = Number(env.PORT ?? inline ?? Number.NaN);
    if (!Number.isInteger(port)) return [];
    const folder = folders.reduce((at, next) => resolve(at, next), root);
    const paths = words.map((word) => resolve(folder, word));
    return [...(folder === root ? [] : [folder]), ...paths].map((path) => ({
      path,
      port,
      isPublished: false,
    }));
  });
}

function inCompose(root: string): DeclaredPort[] {
  return (readCompose(root)?.services ?? []).flatMap((service) => {
    const path = sourceFolder(service, root);
    return path === null || path === root
      ? []
      : [...service.ports.values()].map((port) => ({ path, port, isPublished: true }));
  });
}
