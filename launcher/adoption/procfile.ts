// A Procfile: one `name: command` a line (Heroku, foreman, overmind).

/** One process type. */
export interface ProcfileLine {
  readonly name: string;
  readonly command: string;
}

/** A line that says nothing that can be run. */
export interface ProcfileProblem {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** The lines of a Procfile; comments and empty lines are none. Of two lines with one name the first counts. */
export function readProcfile(text: string): { lines: ProcfileLine[]; problems: ProcfileProblem[] } {
  const lines: ProcfileLine[] = [];
  const problems: ProcfileProblem[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', command = ''] = /^([A-Za-z0-9_-]+):\s*(.*)$/.exec(line) ?? [];
    const reason =
      name === ''
        ? `"${line}" is no line "name: command"`
        : command === ''
          ? `"${name}" has no command`
          : lines.some((other) => other.name === name)
            ? `there is a line "${name}" above, which is taken`
            : null;
    if (reason === null) lines.push({ name, command });
    else problems.push({ line: index + 1, reason });
  }
  return { lines, problems };
}
