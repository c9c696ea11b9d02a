// How a command ended, and how the process then ends: the only place that sets an exit code.

/** An exit code of the contract, or the signal that ended the command. */
export type Outcome = { readonly exitCode: number } | { readonly signal: NodeJS.Signals };

/** Ends the process as the outcome says. */
export function endProcess(outcome: Outcome): void {
  if ('exitCode' in outcome) {
    process.exitCode = outcome.exitCode;
    return;
  }
  // To die by the signal itself tells a shell, npm or a CI job that we were interrupted and did not fail.
  process.removeAllListeners(outcome.signal);
  process.kill(process.pid, outcome.signal);
}
