import type { Knex } from 'knex';
import type { Store } from '../../database';
import { groupPlaces, type Place } from './groupPlaces';

/**
 * Removes the deliveries that have been dead for longest; their attempts stay, to tell of them as long as the event does.
 *
 * 1. Look for them, without a lock.
 * 2. For each subscription, lock it, and remove those that are dead still: a replay may have made one due meanwhile.
 *
 * @param olderThanMs - since when they are dead, in milliseconds before now
 * @param limit - how many at the most
 * @returns how many were removed
 */
export async function removeDead(
  { knex, dialect }: Store,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const selectOld = (connection: Knex) =>
    connection('callboard_deliveries')
      .where({ state: 'dead' })
      .where(
        'updated_at',
        '<',
        connection.raw(`${dialect.nowMs} - ?`, [olderThanMs]),
      );
  const places: Place[] = await selectOld(knex)
    .orderBy('updated_at')
    .limit(limit)
    .select('subscription_id', 'position');
  let removed = 0;
  for (const [subscriptionId, positions] of groupPlaces(places)) {
    removed += await knex.transaction(async trx => {
      await dialect.lockSubscription(trx, subscriptionId);
      const count: number = await selectOld(trx)
        .where({ subscription_id: subscriptionId })
        .whereIn('position', positions)
        .delete();
      return count;
    });
  }
  return removed;
}
