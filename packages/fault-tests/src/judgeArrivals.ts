import { judge, type Handling, type Verdict } from './judge';
import type { PublishingRecord } from './replicaProtocol';

/** What became of the events of one endpoint. All are lists of events' ids; the last may have some after a crash. */
export interface EndpointVerdict extends Omit<Verdict, 'repeated'> {
  /** Arrived before the one before them, of the same key, was taken. */
  early: string[];
  /** As `listSentAgain` has them. */
  sentAgain: string[];
}

/**
 * Judges what arrived at one endpoint.
 *
 * @param acknowledged - what was published
 * @param arrivals - requests as attempts: one that was answered 2xx ends, and the event is taken then; one that was answered
 *   otherwise fails; one whose connection was cut before it was answered has no outcome
 */
export function judgeArrivals(
  acknowledged: readonly PublishingRecord[],
  arrivals: readonly Handling[],
): EndpointVerdict {
  const { repeated: _, ...verdict } = judge(acknowledged, arrivals);
  return {
    ...verdict,
    early: listEarly(arrivals),
    sentAgain: listSentAgain(arrivals),
  };
}

/**
 * Lists events that arrived again although they had been taken, or nobody knew whether they had.
 *
 * @param deathsMs - when processes that send had died, as the times of arrivals: what was sent before one of them and again
 *   after it is left out
 */
export function listSentAgain(
  arrivals: readonly Handling[],
  deathsMs: readonly number[] = [],
): string[] {
  const sentAtMs = new Map<string, number>();
  const again = new Set<string>();
  for (const { id, outcome, beginMs } of sortByBegin(arrivals)) {
    const beforeMs = sentAtMs.get(id);
    if (
      beforeMs !== undefined &&
      !deathsMs.some(deathMs => beforeMs <= deathMs && deathMs <= beginMs)
    ) {
      again.add(id);
    }
    if (outcome !== 'failed') {
      sentAtMs.set(id, beginMs);
    }
  }
  return [...again];
}

function listEarly(arrivals: readonly Handling[]): string[] {
  const takenAtMs = new Map<string, number>();
  const early: string[] = [];
  for (const arrival of sortByBegin(arrivals)) {
    const { id, key, sequence, outcome, beginMs, endMs } = arrival;
    const place = `${key} ${sequence}`;
    const earlierAtMs = takenAtMs.get(`${key} ${sequence - 1}`) ?? Infinity;
    if (sequence > 0 && earlierAtMs > beginMs) {
      early.push(id);
    }
    if (outcome === 'end' && endMs !== undefined && !takenAtMs.has(place)) {
      takenAtMs.set(place, endMs);
    }
  }
  return early;
}

function sortByBegin(arrivals: readonly Handling[]): Handling[] {
  return arrivals.toSorted((a, b) => a.beginMs - b.beginMs);
}
