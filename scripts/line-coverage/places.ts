// Where the statements of the sources stand in the scripts that ran: in the sources themselves (jest strips types
// in place) and in the bundles of dist/, through their source maps.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { eachMapping, TraceMap } from '@jridgewell/trace-mapping';
import { lowerBound } from './hits.ts';
import { findStatements, type Statement } from './statements.ts';

/** A source file of the launcher. */
export interface Source {
  readonly path: string;
  readonly code: string;
  readonly statements: readonly Statement[];
}

/** A statement at a place of a script. */
export interface Place {
  readonly offset: number;
  readonly source: Source;
  /** Index in `statements` of the source. */
  readonly statement: number;
}

/** Reads a source whose types have been stripped in place. */
export function makeSource(path: string, code: string): Source {
  return { path, code, statements: findStatements(code) };
}

/** The places in a source that is run itself. */
export function placesInSource(source: Source): Place[] {
  const places = source.statements.map(({ start }, statement) => ({ offset: start, source, statement }));
  return places.sort((a, b) => a.offset - b.offset);
}

/** The places in a bundle; none when it has no source map. */
export function placesInBundle(path: string, sources: ReadonlyMap<string, Source>): Place[] {
  if (!existsSync(`${path}.map`)) return [];
  const script = readFileSync(path, 'utf8');
  const places: Place[] = [];
  for (const [sourcePath, mappings] of readMappings(path, script)) {
    const source = sources.get(sourcePath);
    if (source !== undefined) places.push(...placesOf(source, mappings));
  }
  return places.sort((a, b) => a.offset - b.offset);
}

interface Mapping {
  readonly line: number;
  readonly column: number;
  /** In the bundle. */
  readonly offset: number;
}

function readMappings(path: string, script: string): Map<string, Mapping[]> {
  const lineStarts = startsOfLines(script);
  const bySource = new Map<string, Mapping[]>();
  eachMapping(new TraceMap(readFileSync(`${path}.map`, 'utf8')), (mapping) => {
    if (mapping.source === null) return;
    const sourcePath = resolve(dirname(path), mapping.source);
    const known = bySource.get(sourcePath) ?? [];
    bySource.set(sourcePath, known);
    const offset = (lineStarts[mapping.generatedLine - 1] ?? 0) + mapping.generatedColumn;
    // Some mappings begin at the indentation, which V8 counts to what stands before.
    const indentation = /\s*/y;
    indentation.lastIndex = offset;
    indentation.exec(script);
    known.push({
      line: mapping.originalLine,
      column: mapping.originalColumn,
      offset: indentation.lastIndex,
    });
  });
  return bySource;
}

/**
 * The bundler turns statements into parts of others (`if (a) b()` into `a && b()`), so a statement stands where the
 * first thing within it stands, and that may be in more than one place.
 */
function placesOf(source: Source, mappings: readonly Mapping[]): Place[] {
  const lineStarts = startsOfLines(source.code);
  const sorted = mappings
    .map(({ line, column, offset }) => ({ at: (lineStarts[line - 1] ?? 0) + column, offset }))
    .sort((a, b) => a.at - b.at);
  const origins = sorted.map(({ at }) => at);
  return source.statements.flatMap(({ start, end }, statement) => {
    const first = lowerBound(origins, start);
    const at = origins[first];
    if (at === undefined || at >= end) return [];
    const same = sorted.slice(first, lowerBound(origins, at + 1));
    return same.map(({ offset }) => ({ offset, source, statement }));
  });
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
