import type { Store } from '../../database';
import type { EndpointReplayState } from '../Endpoint';

const ends = ['done', 'cancelled', 'failed'] satisfies EndpointReplayState[];

/**
 * Removes replays that have ended.
 *
 * @param olderThanMs - when they ended, in milliseconds before now
 * @param limit - how many at the most
 * @returns how many were removed
 */
export async function removeReplays(
  { knex, dialect }: Store,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const old = knex('callboard_endpoint_replays')
    .whereIn('state', ends)
    .where('updated_at', '<', knex.raw(`${dialect.nowMs} - ?`, [olderThanMs]))
    .limit(limit)
    .select('id');
  return knex('callboard_endpoint_replays').whereIn('id', old).delete();
}
