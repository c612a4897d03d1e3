import type { ServerResponse } from 'node:http';
import { CustomErrorBase, InputError } from '@backstage/errors';
import type { Start } from '@callboard/backstage-plugin-events-common';
import type {
  EventFilter,
  LogEvent,
} from '@callboard/backstage-plugin-events-node';
import { describeLostPlace } from '../model/describeLostPlace';

/** Where a reader starts, and what it wants. */
interface Following {
  position: number;
  filter: EventFilter;
}

/** What waits for events in the stead of a reader, and brings them. The API itself waits for nothing. */
export interface FollowLog {
  /** Answers with a stream of Server-Sent Events; resolves when it has ended. */
  stream(response: ServerResponse, following: Following): Promise<void>;
  /** Gives the next events; waits for them if there are none, until the response closes or the time is up. */
  poll(
    response: ServerResponse,
    following: Following & { maxEvents: number; waitMs: number },
  ): Promise<
    | { lost?: undefined; events: LogEvent[]; position: number; tail: number }
    | { lost: string }
  >;
}

/** Answered with 410: a reader cannot go on where it was without missing events. */
export class LostPlaceError extends CustomErrorBase {
  name = 'LostPlaceError' as const;
  readonly statusCode = 410;

  /** @param reason - a sentence without a full stop */
  constructor(reason: string) {
    super(
      `${reason}. Read the position of the end with GET /events?after=end, take a new copy of what you keep, and go on from that position; or start with what is left, after=beginning`,
    );
  }
}

/**
 * Says which parameters of the list of events go with `after` and which do not; the schemas only say that they do not
 * know them.
 *
 * @throws InputError that names the parameter
 */
export function checkCombination(query: Record<string, unknown>): void {
  if (!('after' in query)) {
    if ('waitMs' in query) {
      throw new InputError('waitMs: goes only with after');
    }
    return;
  }
  const other = ['from', 'to', 'order', 'cursor'].find(name => name in query);
  if (other !== undefined) {
    throw new InputError(`${other}: does not go with after`);
  }
}

/**
 * Finds the position behind which a reader starts.
 *
 * @throws LostPlaceError when events behind its position are gone, or the log never was that long
 */
export function findStart(
  start: Start,
  ends: { head: number; tail: number },
): number {
  if (start === 'beginning') {
    return ends.head;
  }
  if (start === 'end') {
    return ends.tail;
  }
  const lost = describeLostPlace(start, ends);
  if (lost !== undefined) {
    throw new LostPlaceError(lost);
  }
  return start;
}
