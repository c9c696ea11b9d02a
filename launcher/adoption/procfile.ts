// A Procfile: one `name: command` a line (Heroku, foreman, overmind).

/** One process type. */
export interface ProcfileLine {
  readonly name: string;
  readonly command: string;
}

/** The lines of a Procfile; comments and empty lines are none. */
export function readProcfile(text: string): ProcfileLine[] {
  return [...text.matchAll(/^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/gm)].map(([, name = '', command = '']) => ({
    name,
    command,
  }));
}
