// The compiler is a child process: started when something must be compiled, ended when nothing has been for a while.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

type Compiler = typeof import('esbuild');

/** How long the idle compiler is kept, in milliseconds. */
const IDLE_MS = 500;

let users = 0;
let idle: NodeJS.Timeout | null = null;

/** Runs `task` with the compiler, which is loaded at the first use: a warm start compiles nothing. */
export async function useCompiler<Result>(task: (compiler: Compiler) => Promise<Result>): Promise<Result> {
  assertCanSpawn();
  users += 1;
  if (idle !== null) clearTimeout(idle);
  const compiler = await import('esbuild');
  try {
    return await task(compiler);
  } finally {
    users -= 1;
    if (users === 0) idle = setTimeout(() => void compiler.stop(), IDLE_MS).unref();
  }
}

/** How many descriptors the start of a child process takes, with some to spare. */
const SPAWN_DESCRIPTORS = 12;

/**
 * esbuild does not listen for the failure of its own process, which would end ours.
 * @throws what the system says when too many files are open
 */
function assertCanSpawn(): void {
  const open: number[] = [];
  try {
    while (open.length < SPAWN_DESCRIPTORS) open.push(openSync(process.execPath, 'r'));
  } finally {
    for (const file of open) closeSync(file);
  }
}

let version: string | null = null;

/** The compiler's version, read without loading it. */
export function compilerVersion(): string {
  const path = createRequire(import.meta.url).resolve('esbuild/package.json');
  version ??= (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  return version;
}
