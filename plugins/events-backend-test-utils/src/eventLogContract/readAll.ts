import type {
  AppendOutcome,
  EventFilter,
  EventLog,
  LogEvent,
} from '@callboard/backstage-plugin-events-node';

/** Limits that cut nothing off in these tests. */
export const plenty = { events: 10_000, bytes: 1e9 };

/**
 * Reads as a subscription does: each time behind the position up to which it has read, until the tail.
 *
 * @param log - to read
 * @param options - what to read, in slices of which size, and behind which position
 */
export async function readAll(
  log: EventLog,
  options: {
    filter?: EventFilter;
    limit?: { events: number; bytes: number };
    after?: number;
  } = {},
): Promise<LogEvent[]> {
  const { filter = {}, limit = plenty } = options;
  const events: LogEvent[] = [];
  let cursor = options.after ?? 0;
  for (;;) {
    const slice = await log.readAfter(cursor, filter, limit);
    events.push(...slice.events);
    if (slice.upTo >= slice.tail) {
      return events;
    }
    if (slice.upTo <= cursor) {
      throw new Error(`Reading behind ${cursor} does not get on`);
    }
    cursor = slice.upTo;
  }
}

/** The positions of events that were appended. */
export function positionsOf(outcomes: readonly AppendOutcome[]): number[] {
  return outcomes.flatMap(outcome =>
    outcome.appended ? [outcome.position] : [],
  );
}

export function topicsOf(events: readonly LogEvent[]): string[] {
  return events.map(({ topic }) => topic);
}

/** Whether numbers rise, each above the one before. */
export function rises(numbers: readonly number[]): boolean {
  return numbers.every(
    (number, index) => index === 0 || number > numbers[index - 1],
  );
}
