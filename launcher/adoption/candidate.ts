// What `uber init` has found so far: plain data.

/** A program that can run as a service. Paths are absolute. */
export interface Program {
  /** The file that is loaded; a TypeScript source where the command names what is compiled from it. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables the command sets. */
  readonly env: Readonly<Record<string, string>>;
  /** Files of variables the command reads. */
  readonly envFiles: readonly string[];
  /** True for a published program in node_modules. */
  readonly isInstalled: boolean;
  /** A name the command itself gives, as `concurrently -n` does. */
  readonly name: string | null;
  /** What was assumed in reading the command. */
  readonly notes: readonly string[];
}

/** What became of a command. */
export interface CommandReading {
  readonly programs: readonly Program[];
  /** Why there is no program, in words that follow "left out: x (". */
  readonly reason: string | null;
}

/** A service to be. */
export interface Candidate {
  readonly name: string;
  /** True for a name that any other source may replace. */
  readonly isNameWeak: boolean;
  readonly program: Program;
  /** Its own folder: that of its package.json, as a rule. */
  readonly folder: string;
  /** Where it was found: `apps/web/package.json "start"`. */
  readonly from: readonly string[];
  /** Names by which others reach it: those of compose, of its package, of its folder. */
  readonly aliases: readonly string[];
  /** Ports others may reach it on, at localhost. */
  readonly ports: readonly number[];
  /** Variables beside those of its command; they win. */
  readonly env: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  /** Names in the words of the source that says so. */
  readonly dependsOn: readonly string[];
  /** What was assumed. */
  readonly notes: readonly string[];
}

/** Something that is no service, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** A container that compose runs from an image: a database, a broker. */
export interface Container {
  readonly name: string;
  readonly image: string;
  /** Port inside -> port of this machine. */
  readonly published: ReadonlyMap<number, number>;
}
