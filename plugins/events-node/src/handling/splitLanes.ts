import type { ClaimedEvent } from './ClaimedBatch';

/**
 * Splits a batch into lanes that may run side by side: one per key, in the order of the log, and one for each event
 * without a key.
 */
export function splitLanes(events: readonly ClaimedEvent[]): ClaimedEvent[][] {
  const keyed = new Map<string, ClaimedEvent[]>();
  const lanes: ClaimedEvent[][] = [];
  const ordered = [...events].sort((a, b) => a.position - b.position);
  for (const claimed of ordered) {
    const { key } = claimed;
    const lane = key === undefined ? undefined : keyed.get(key);
    if (lane) {
      lane.push(claimed);
    } else {
      const opened = [claimed];
      lanes.push(opened);
      if (key !== undefined) {
        keyed.set(key, opened);
      }
    }
  }
  return lanes;
}
