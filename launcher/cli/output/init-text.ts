// What `uber init` has found, assumed and written.
import { basename } from 'node:path';
import { oneLine } from '../../adoption/config-text.ts';
import type { Proposal } from '../../adoption/propose.ts';
import type { Output } from './output.ts';
import { table } from './text.ts';

/** The outcome of `uber init`. */
export interface InitReport {
  readonly proposal: Proposal;
  /** Libraries in `services/` that run as services. */
  readonly alsoFound: readonly string[];
  readonly path: string;
  /** The configuration, or null when none is needed. */
  readonly text: string | null;
  readonly isWritten: boolean;
  /** True when there was a configuration before. */
  readonly hasOld: boolean;
}

/** Prints the outcome. */
export function printInit(report: InitReport, output: Output): void {
  if (output.isJson) printEvents(report, output);
  else printText(report, output);
}

function printEvents({ proposal, alsoFound, path, text, isWritten }: InitReport, output: Output): void {
  for (const { name, entry, from, notes, options } of proposal.services)
    output.event({ event: 'found', service: name, entry, from, notes, isConfigured: options !== null });
  for (const name of alsoFound) output.event({ event: 'found', service: name, ...libraryFacts });
  for (const { name, reason } of proposal.leftOut)
    if (!alsoFound.includes(name)) output.event({ event: 'left-out', name, reason });
  output.event({ event: 'init', path: text === null ? null : path, isWritten, text });
}

const LIBRARY_NOTE =
  'a library, but in services/, where uber takes it for a service: it is loaded and needs no port';
const libraryFacts = { entry: null, from: ['services/'], notes: [LIBRARY_NOTE], isConfigured: true };

function printText({ proposal, alsoFound, path, text, isWritten, hasOld }: InitReport, output: Output): void {
  const { paint } = output;
  const rows = proposal.services.map(({ name, entry, from }) => [name, entry, from.join(', ')].map(oneLine));
  const found = `${table([['NAME', 'ENTRY', 'FROM'], ...rows], paint)}\n`;
  const lines = [
    ...proposal.services.flatMap(({ name, notes }) => notes.map((note) => oneLine(`${name}: ${note}`))),
    ...alsoFound.map((name) => `${name}: ${LIBRARY_NOTE}`),
  ];
  output.line(found);
  if (lines.length > 0)
    output.line(`${paint('bold', 'Assumed')}\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
  const leftOut = proposal.leftOut.filter(({ name }) => !alsoFound.includes(name));
  if (leftOut.length > 0)
    output.line(
      `${leftOut.map(({ name, reason }) => oneLine(`left out: ${name} (${reason})`)).join('\n')}\n`,
    );
  const alone = proposal.services.filter(({ options }) => options === null).map(({ name }) => name);
  if (text === null) {
    output.line('No configuration is needed: uber finds these services by itself.');
    if (hasOld) output.line(`${basename(path)} is kept as it is: remove it when nothing in it is needed.`);
  } else {
    if (!isWritten) output.line(`${paint('bold', `This would be ${basename(path)}:`)}\n\n${text}`);
    else output.line(`${paint('green', 'Wrote')} ${basename(path)}, and read it back: it is valid.`);
    if (!isWritten && hasOld)
      output.line(
        `${basename(path)} is there already: uber init --force would replace it, with all that is in it.`,
      );
    if (alone.length > 0) output.line(`Not in it, because uber finds them by itself: ${alone.join(', ')}`);
  }
  const isUsual = /^uber\.config\./.test(basename(path));
  if (isWritten || text === null) output.line(`Next: uber up${isUsual ? '' : ` --config ${basename(path)}`}`);
}
