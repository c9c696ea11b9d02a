// The files of a service, parsed once each however many services share them.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isInstalled, noMetadata, readModuleGraph } from '../build/module-graph.ts';
import { type ParsedSource, parseSource } from '../build/parse-source.ts';
import { factsOf, type SourceFacts } from '../build/source-facts.ts';
import { toUberError, type UberError } from '../errors.ts';
import { nearestPackageFile } from '../package-file.ts';
import type { Place } from './finding.ts';
import { findProcessCalls } from './process-calls.ts';
import { findSqlitePaths } from './sqlite-paths.ts';

/** What one file says. */
export interface FileReading {
  readonly path: string;
  readonly facts: SourceFacts;
  /** Calls that do not work in a thread. */
  readonly places: readonly Place[];
}

/** What a service is made of. */
export interface ServiceSources {
  readonly files: readonly FileReading[];
  /** Why its sources cannot be followed, or null. */
  readonly problem: UberError | null;
}

/** Reads sources; one for a run of the doctor. */
export class SourceReader {
  readonly #known = new Map<string, Promise<FileReading | null>>();

  /** All files of a service: its own ones, or those of the installed package its entry belongs to. */
  async read(entry: string): Promise<ServiceSources> {
    let paths: readonly string[] = [entry];
    let problem: UberError | null = null;
    try {
      paths = isInstalled(entry) ? packageFiles(entry) : (await readModuleGraph(entry, noMetadata)).files;
    } catch (error) {
      problem = toUberError(error);
    }
    const files = await Promise.all(paths.map((path) => this.#readFile(path)));
    return { files: files.filter((file) => file !== null), problem };
  }

  #readFile(path: string): Promise<FileReading | null> {
    const known = this.#known.get(path) ?? readFile(path);
    this.#known.set(path, known);
    return known;
  }
}

async function readFile(path: string): Promise<FileReading | null> {
  const source: ParsedSource | null = await parseSource(path);
  if (source === null) return null;
  const places = [...(await findProcessCalls(source)), ...(await findSqlitePaths(source))];
  return { path, facts: await factsOf(source), places };
}

/** Folders of a package that are not part of the program. */
const APART = /^(?:node_modules|test|tests|__tests__|docs|doc|example|examples|benchmark|benchmarks|\..*)$/;

function packageFiles(entry: string): string[] {
  const root = nearestPackageFile(dirname(entry))?.dir ?? dirname(entry);
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
      const path = join(folder, item.name);
      if (item.isDirectory()) return APART.test(item.name) ? [] : walk(path);
      return item.isFile() && /\.[cm]?js$/.test(item.name) && !item.name.endsWith('.min.js') ? [path] : [];
    });
  return [...new Set([entry, ...walk(root)])];
}
