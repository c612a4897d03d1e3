import type { LogEvent } from '@callboard/backstage-plugin-events-node';

/** What a claim takes, and where it leaves the cursor. */
export interface ClaimSelection {
  /** To be handled now. */
  claimed: LogEvent[];
  /** To be owed, blocked behind an earlier event with the same key. */
  setAside: LogEvent[];
  cursor: number;
}

/**
 * Decides which of the next events a reader may have, so that events with one key are handled one at a time and in
 * order, whoever reads.
 *
 * @remarks
 * An event without a key, or whose key nobody else has, is claimed. One whose key is owed is set aside. One whose key
 * another reader has in hand since a moment ago ends the claim: it will be free soon, and setting it aside would cost
 * a row. If that reader takes long, it is set aside after all, so that a slow event holds up its own key only.
 *
 * @param input.cursor - where the cursor is
 * @param input.candidates - the next events behind the cursor that the subscription wants, in order
 * @param input.upTo - how far the log was read to find them
 * @param input.owedKeys - keys that something is owed for
 * @param input.busyKeys - keys in the hands of readers that claimed a moment ago
 * @param input.slowKeys - keys in the hands of readers that claimed longer ago
 */
export function selectClaim(input: {
  cursor: number;
  candidates: readonly LogEvent[];
  upTo: number;
  owedKeys: ReadonlySet<string>;
  busyKeys: ReadonlySet<string>;
  slowKeys: ReadonlySet<string>;
}): ClaimSelection {
  const { candidates, owedKeys, busyKeys, slowKeys } = input;
  const claimed: LogEvent[] = [];
  const setAside: LogEvent[] = [];
  let { cursor } = input;
  for (const event of candidates) {
    const { key } = event;
    if (key !== undefined && (owedKeys.has(key) || slowKeys.has(key))) {
      setAside.push(event);
    } else if (key !== undefined && busyKeys.has(key)) {
      return { claimed, setAside, cursor };
    } else {
      claimed.push(event);
    }
    cursor = event.position;
  }
  return { claimed, setAside, cursor: input.upTo };
}
