import type { HandlingRecord, PublishingRecord } from './replicaProtocol';

/** An attempt of a handler, by replica. `endMs` is undefined when the replica died meanwhile. */
export interface Handling {
  replica: string;
  id: string;
  key: string;
  sequence: number;
  attempt: number;
  outcome: 'end' | 'failed' | undefined;
  beginMs: number;
  endMs: number | undefined;
}

/** What became of the events of one subscription. All are lists of events' ids, empty where the promise was kept. */
export interface Verdict {
  /** Acknowledged, and handled by nobody to the end. */
  lost: string[];
  /** Handled more than once, failed attempts included. */
  repeated: string[];
  /** Handled for the first time after a later event of the same key. */
  disordered: string[];
  /** Begun while another event of the same key, or the same event, was being handled. */
  overlapping: string[];
}

/** Joins the beginning and the end of each attempt that one replica recorded. */
export function joinHandlings(
  replica: string,
  records: readonly HandlingRecord[],
): Handling[] {
  const handlings: Handling[] = [];
  const open = new Map<string, Handling>();
  for (const { kind, id, key, sequence, attempt, atMs } of records) {
    if (kind === 'begin') {
      const handling: Handling = {
        replica,
        id,
        key,
        sequence,
        attempt,
        outcome: undefined,
        beginMs: atMs,
        endMs: undefined,
      };
      handlings.push(handling);
      open.set(`${id} ${attempt}`, handling);
    } else {
      const handling = open.get(`${id} ${attempt}`);
      if (!handling) {
        throw new Error(`The handler ended event ${id} without beginning it`);
      }
      handling.outcome = kind;
      handling.endMs = atMs;
    }
  }
  return handlings;
}

/**
 * Judges what replicas did for one subscription.
 *
 * @param acknowledged - what was published
 * @param handlings - by all replicas, in any order
 */
export function judge(
  acknowledged: readonly PublishingRecord[],
  handlings: readonly Handling[],
): Verdict {
  const byBegin = [...handlings].sort((a, b) => a.beginMs - b.beginMs);
  const done = new Set<string>();
  const begun = new Set<string>();
  const repeated = new Set<string>();
  const disordered: string[] = [];
  const overlapping: string[] = [];
  const lastSequence = new Map<string, number>();
  const busyUntilMs = new Map<string, number>();
  for (const { id, key, sequence, outcome, beginMs, endMs } of byBegin) {
    if (outcome === 'end') {
      done.add(id);
    }
    if (begun.has(id)) {
      repeated.add(id);
    } else {
      begun.add(id);
      // An event that another one comes before must not have been passed over either.
      if (sequence !== (lastSequence.get(key) ?? -1) + 1) {
        disordered.push(id);
      }
      lastSequence.set(key, sequence);
    }
    if (beginMs < (busyUntilMs.get(key) ?? 0)) {
      overlapping.push(id);
    }
    busyUntilMs.set(key, Math.max(busyUntilMs.get(key) ?? 0, endMs ?? beginMs));
  }
  return {
    lost: acknowledged.filter(({ id }) => !done.has(id)).map(({ id }) => id),
    repeated: [...repeated],
    disordered,
    overlapping,
  };
}
