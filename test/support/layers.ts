// The order of the launcher's rooms, and the pure check that imports only point down it.
import { posix } from 'node:path';

/** A room: a folder of launcher/, or some files directly in it that belong together. */
interface Room {
  readonly name: string;
  /** A room may import from rooms of smaller rows, and from itself. */
  readonly row: number;
  /** Files directly in launcher/; left out: the folder of the room's name. */
  readonly files?: readonly string[];
  /** The highest row it may import from, where that is less than all above it. */
  readonly reach?: number;
}

/** Every other file directly in launcher/: plain data and pure functions. */
const GROUND: Room = { name: 'ground', row: 0 };

/** The rooms of the launcher. */
const ROOMS: readonly Room[] = [
  { name: 'config', row: 1 },
  { name: 'catalog', row: 1 },
  { name: 'ports', row: 1 },
  { name: 'resources', row: 1 },
  { name: 'build', row: 1 },
  { name: 'logs', row: 1 },
  { name: 'repository', row: 1 },
  // Runs in a service's thread: whatever it imports is paid once a service.
  { name: 'inside', row: 2, reach: 0 },
  { name: 'placement', row: 2 },
  { name: 'adoption', row: 2 },
  { name: 'doctor', row: 2 },
  { name: 'supervisor', row: 3 },
  { name: 'control', row: 3 },
  { name: 'run', row: 4, files: ['uber.ts', 'start-uber.ts', 'start-plan.ts', 'module-learner.ts'] },
  { name: 'library', row: 5, files: ['index.ts'] },
  { name: 'cli', row: 7 },
];

/** File -> the files it imports. Paths are relative to launcher/, with slashes. */
export type ImportTable = ReadonlyMap<string, readonly string[]>;

/** The relative imports of a source file, types included, as paths relative to launcher/. */
export function readImports(path: string, source: string): string[] {
  const code = source
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/\*|\*)/.test(line))
    .join('\n');
  const specifiers = code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g);
  return [...specifiers].map(([, , specifier = '']) => posix.join(posix.dirname(path), specifier));
}

/** One sentence for every import that the order of the rooms does not allow. */
export function findWrongArrows(table: ImportTable): string[] {
  return [...table].flatMap(([from, imported]) => imported.flatMap((to) => judge(from, to) ?? []));
}

/** The first circle met from each file not yet seen, as `a.ts -> b.ts -> a.ts`. */
export function findCircles(table: ImportTable): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of table.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of table.keys()) visit(file, []);
  return circles;
}

function judge(from: string, to: string): string | null {
  const source = roomOf(from);
  const target = roomOf(to);
  if (source === null) return `${from} is in no room: give its folder a row.`;
  if (target === null) return `${from} imports ${to}, which is in no room.`;
  if (source === target) return null;
  const highest = source.reach ?? source.row - 1;
  if (target.row <= highest) return null;
  return `${from} (${source.name}, row ${source.row}) imports ${to} (${target.name}, row ${target.row}).`;
}

function roomOf(path: string): Room | null {
  const [first = '', ...rest] = path.split('/');
  if (first === '..') return null;
  if (rest.length === 0) return ROOMS.find(({ files }) => files?.includes(first)) ?? GROUND;
  return ROOMS.find(({ name, files }) => files === undefined && name === first) ?? null;
}
