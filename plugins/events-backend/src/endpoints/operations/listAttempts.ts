import type { Knex } from 'knex';
import { toAttempt, type AttemptRow } from '../attemptRow';
import type { EndpointAttempt, EndpointOutcome } from '../Endpoint';
import { readEach, type OnUnreadable } from '../readRows';

/** Which attempts to list; all that fit each of these. Times in milliseconds since the epoch. */
export interface AttemptListing {
  endpointId?: string;
  /** A UUID. */
  eventId?: string;
  outcome?: EndpointOutcome;
  /** Begun at this time or later. */
  fromMs?: number;
  /** Begun before this time. */
  toMs?: number;
  /** Lists what comes behind this attempt, that is what began before it. */
  before?: { startedAtMs: number; id: string };
  limit: number;
}

/** Lists attempts, the newest first, without those that cannot be read. */
export async function listAttempts(
  knex: Knex,
  listing: AttemptListing,
  onUnreadable: OnUnreadable,
): Promise<EndpointAttempt[]> {
  const rows: AttemptRow[] = await selectAttempts(knex, listing).select('*');
  return readEach(rows, toAttempt, ({ endpoint_id: id }) => id, onUnreadable);
}

/** The rows of attempts, the newest first. */
export function selectAttempts(knex: Knex, listing: AttemptListing) {
  const { endpointId, eventId, outcome, fromMs, toMs, before, limit } = listing;
  const query = knex<AttemptRow>('callboard_endpoint_attempts')
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  if (endpointId !== undefined) {
    query.where({ endpoint_id: endpointId });
  }
  if (eventId !== undefined) {
    query.where({ event_id: eventId });
  }
  if (outcome !== undefined) {
    query.where({ outcome });
  }
  if (fromMs !== undefined) {
    query.where('started_at', '>=', fromMs);
  }
  if (toMs !== undefined) {
    query.where('started_at', '<', toMs);
  }
  if (before !== undefined) {
    query.whereRaw('(started_at, id) < (?, ?)', [
      before.startedAtMs,
      before.id,
    ]);
  }
  return query;
}
