import type { ClaimedEvent } from '@callboard/backstage-plugin-events-node/bus';
import { splitLanes } from '@callboard/backstage-plugin-events-node/bus';

/**
 * Decides which events are sent together, and what must wait for what.
 *
 * @remarks
 * Events with one key keep their order, over requests and within them. What was tried before is sent alone, and so is what
 * follows it with the same key: a request that fails does not say which of its events is to blame, and one that can never
 * be taken would take all others with it until they are dead.
 *
 * @param events - of one batch
 * @param maxEvents - in one request
 * @returns rows of requests: rows side by side, the requests of a row one after the other
 */
export function planRequests(
  events: readonly ClaimedEvent[],
  maxEvents: number,
): ClaimedEvent[][][] {
  const lanes = splitLanes(events);
  if (maxEvents === 1) {
    return lanes.map(toSingles);
  }
  const isRetried = (lane: readonly ClaimedEvent[]) =>
    lane.some(({ attempt }) => attempt > 1);
  const rows = lanes.filter(isRetried).map(toSingles);
  let row: ClaimedEvent[] = [];
  for (const lane of lanes.filter(one => !isRetried(one))) {
    if (row.length > 0 && row.length + lane.length > maxEvents) {
      rows.push(toChunks(row, maxEvents));
      row = [];
    }
    row.push(...lane);
  }
  if (row.length > 0) {
    rows.push(toChunks(row, maxEvents));
  }
  return rows;
}

function toSingles(lane: readonly ClaimedEvent[]): ClaimedEvent[][] {
  return lane.map(event => [event]);
}

function toChunks(
  events: readonly ClaimedEvent[],
  maxEvents: number,
): ClaimedEvent[][] {
  const ordered = [...events].sort((a, b) => a.position - b.position);
  const chunks: ClaimedEvent[][] = [];
  for (let first = 0; first < ordered.length; first += maxEvents) {
    chunks.push(ordered.slice(first, first + maxEvents));
  }
  return chunks;
}
