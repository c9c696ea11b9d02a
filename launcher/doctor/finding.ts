// What `uber doctor` can find: plain data.

/** How bad it is: `error` will not work, `warning` may not, `info` is worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** Every kind of finding. The names stay the same from version to version. */
export type FindingId =
  | 'abort' // process.abort
  | 'build' // a source that does not compile
  | 'chdir' // process.chdir
  | 'dependency-versions' // several versions of one dependency
  | 'env-shape' // a variable uber sets is expected to hold something else
  | 'hard-coded-url' // an address of another service in a source or an .env file
  | 'native-addon' // an addon that cannot be loaded in a thread
  | 'node-version' // engines.node is not satisfied
  | 'package-file' // a package.json that cannot be read
  | 'sqlite-path' // a database at a relative path
  | 'stale-run' // a folder of a run that is over
  | 'umask' // process.umask with an argument
  | 'user-id'; // process.setuid and its relatives

/** One thing worth saying. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** Null for what is about the project. */
  readonly service: string | null;
  /** Relative to the root, with slashes; null when it is about no file. */
  readonly file: string | null;
  /** From 1; null when it is about the whole file. */
  readonly line: number | null;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** What a check says of one place in one file. */
export interface Place {
  readonly line: number | null;
  readonly id: FindingId;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string;
}

/** The other way out for what a thread cannot do. */
export const APART_HINT = "run the service in a process of its own: placement: 'process'";
