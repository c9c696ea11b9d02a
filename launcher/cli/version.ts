// The version of this package.
import { readFileSync } from 'node:fs';
import { packageFile } from '../package-root.ts';

/** As package.json has it. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
}
