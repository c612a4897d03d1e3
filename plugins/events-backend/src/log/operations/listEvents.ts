import type { Knex } from 'knex';
import type { EventRow } from '../eventRow';
import { findPositionBefore } from './findPositionBefore';

/** Which events to list. Positions are exclusive. */
export interface EventListing {
  topic?: string;
  key?: string;
  /** The sender's own id; goes with a topic, by which it is indexed. */
  deduplicationId?: string;
  fromMs?: number;
  toMs?: number;
  order: 'asc' | 'desc';
  after?: number;
  limit: number;
}

/** An event without its payload and metadata. */
export type EventHead = Omit<EventRow, 'payload' | 'metadata'>;

/**
 * Lists events without their payloads.
 *
 * Times never decrease with the position, so a time is turned into a position first and the index of the topic, the
 * key or the position serves the rest.
 */
export async function listEvents(
  knex: Knex,
  listing: EventListing,
): Promise<EventHead[]> {
  const { topic, key, deduplicationId, fromMs, toMs, order, after, limit } =
    listing;
  const query = knex<EventRow>('callboard_events')
    .select(
      'position',
      'id',
      'topic',
      'key',
      'deduplication_id',
      'time',
      'size',
    )
    .orderBy('position', order)
    .limit(limit);
  if (topic !== undefined) {
    query.where({ topic });
  }
  if (key !== undefined) {
    query.where({ key });
  }
  if (deduplicationId !== undefined) {
    query.where({ deduplication_id: deduplicationId });
  }
  if (after !== undefined) {
    query.where('position', order === 'asc' ? '>' : '<', after);
  }
  if (fromMs !== undefined) {
    query.where('position', '>', await findPositionBefore(knex, fromMs));
  }
  if (toMs !== undefined) {
    query.where('position', '<=', await findPositionBefore(knex, toMs));
  }
  return query;
}
