// The clock that all processes of a chaos run share.

/** Now, in milliseconds of the machine's own clock: moments of two processes can be compared, dates cannot. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
