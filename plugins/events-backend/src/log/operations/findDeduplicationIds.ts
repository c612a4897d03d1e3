import type { Knex } from 'knex';

/** Finds out which deduplication ids of a topic the log has. */
export async function findDeduplicationIds(
  knex: Knex,
  topic: string,
  ids: readonly string[],
): Promise<string[]> {
  return ids.length === 0
    ? []
    : knex('callboard_events')
        .where({ topic })
        .whereIn('deduplication_id', [...ids])
        .pluck('deduplication_id');
}
