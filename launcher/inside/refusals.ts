// What a service is told when something is refused, and what the developer reads in its output.

/** What was refused; those of Node's permission model have its names. */
type Refused =
  | 'FileSystemRead'
  | 'FileSystemWrite'
  | 'ChildProcess'
  | 'WorkerThreads'
  | 'Addon'
  | 'process.binding';

const WORDS: Readonly<Record<Refused, string>> = {
  FileSystemRead: 'read',
  FileSystemWrite: 'write',
  ChildProcess: 'start the process',
  WorkerThreads: 'start the thread',
  Addon: 'load the addon',
  'process.binding': 'use process.binding of',
};

/** More different refusals than this are not told: a service that tries everything must not flood its log. */
const MOST_TOLD = 50;
const LONGEST_NAME = 1000;

/** Of one thread or process. */
export class Refusals {
  readonly #service: string;
  readonly #told = new Set<string>();

  constructor(service: string) {
    this.#service = service;
  }

  /**
   * The error for the service, shaped like Node's own. Told once in its output.
   * @param key of `permissions`, which would allow it; null when none does
   */
  refuse(permission: Refused, resource: string, key: string | null): Error {
    const what = resource.length > LONGEST_NAME ? `${resource.slice(0, LONGEST_NAME)}...` : resource;
    const sentence = `"${this.#service}" may not ${WORDS[permission]} ${what}`;
    const advice = key === null ? '' : ` To allow it: ${adviceFor(key, what)} in permissions of the service.`;
    this.#tell(`uber: ${sentence}.${advice}`);
    return Object.assign(new Error(`Access to this API has been restricted: ${sentence}.${advice}`), {
      // Node has another code for addons.
      code: permission === 'Addon' ? 'ERR_DLOPEN_DISABLED' : 'ERR_ACCESS_DENIED',
      permission,
      resource,
    });
  }

  #tell(line: string): void {
    if (this.#told.has(line) || this.#told.size === MOST_TOLD) return;
    this.#told.add(line);
    process.stderr.write(`${line}\n`);
  }
}

function adviceFor(key: string, resource: string): string {
  return key === 'read' || key === 'write' ? `${key}: [${JSON.stringify(resource)}]` : `${key}: true`;
}
