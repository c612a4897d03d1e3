/**
 * Microseconds of the machine's monotonic clock. It is the same in all processes of a machine, so that a moment in one
 * may be taken from a moment in another.
 */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
