// `.uber/runs/<run>/<name>/`: what a service writes. Fresh for every run.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { diskFull, tooManyFiles, UberError } from '../errors.ts';
import type { ResourceKind } from './resource-kind.ts';

/** An empty folder that nobody else can read. */
export const dataDirectory: ResourceKind = {
  async prepare({ name }, run) {
    const path = run.dataDir(name);
    try {
      await mkdir(path, { mode: 0o700 });
      // The umask may have taken rights away.
      await chmod(path, 0o700);
    } catch (cause) {
      const message = `Cannot make the data directory of "${name}": ${(cause as Error).message}`;
      const details = { service: name, cause };
      throw (
        tooManyFiles(message, details) ??
        diskFull(message, details) ??
        new UberError('DATA_DIR_FAILED', message, details)
      );
    }
  },
  async dispose({ name }, run) {
    await rm(run.dataDir(name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  },
};
