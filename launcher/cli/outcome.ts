// How a command ended, and how the process then ends: the only place that sets an exit code.
import { flushCompileCache } from 'node:module';

/**
 * An exit code of the contract, or the signal that ended the command. `isStuck`: a thread cannot be ended, and the process
 * would never end by itself.
 */
export type Outcome =
  | { readonly exitCode: number; readonly isStuck?: boolean }
  | { readonly signal: NodeJS.Signals };

/** Ends the process as the outcome says. */
export function endProcess(outcome: Outcome): void {
  if ('exitCode' in outcome) {
    process.exitCode = outcome.exitCode;
    // process.exit waits for every thread, for ever if need be. This is the only end that does not.
    if (outcome.isStuck === true) process.kill(process.pid, 'SIGKILL');
    return;
  }
  // Node does this by itself only at the end of its event loop: see compile-cache.ts.
  flushCompileCache();
  // To die by the signal itself tells a shell, npm or a CI job that we were interrupted and did not fail.
  process.removeAllListeners(outcome.signal);
  process.kill(process.pid, outcome.signal);
}
