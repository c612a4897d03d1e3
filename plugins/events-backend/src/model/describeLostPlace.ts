/**
 * Says why a reader cannot go on behind a position without missing events: what comes next is trimmed, or the position
 * was never given.
 *
 * @param position - the last that the reader has seen; 0 before the first
 * @param ends - of the log, as seen when it was read
 * @returns a sentence for the reader; undefined when nothing is missing
 */
export function describeLostPlace(
  position: number,
  ends: { head: number; tail: number },
): string | undefined {
  if (position < ends.head) {
    return `Events behind position ${position} are gone: the log begins behind position ${ends.head}`;
  }
  if (position > ends.tail) {
    return `The log has no position ${position}: it ends at position ${ends.tail}, so it is not the log that the position was read from`;
  }
  return undefined;
}
