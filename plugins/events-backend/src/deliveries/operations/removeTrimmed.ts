import type { Store } from '../../database';
import { owedStates } from '../deliveryRow';
import { groupPlaces, type Place } from './groupPlaces';
import { removeAndPromote } from './removeAndPromote';

/**
 * Removes the oldest deliveries and attempts of events that are trimmed.
 *
 * 1. Look for them, without a lock.
 * 2. For each subscription, lock it, remove what was found, and let the next of each key be due. One subscription in a
 *    transaction, so that it waits for none while it holds another.
 *
 * @param limit - how many deliveries at the most, and as many attempts without one
 * @returns how many were found, and how many of the deliveries were still owed or dead
 */
export async function removeTrimmed(
  { knex, dialect }: Store,
  position: number,
  limit: number,
): Promise<{ found: number; lost: number }> {
  const findOldest = (table: string): Promise<Place[]> =>
    knex(table)
      .where('position', '<=', position)
      .orderBy('position')
      .limit(limit)
      .select('subscription_id', 'position');
  const places = [
    ...(await findOldest('callboard_deliveries')),
    ...(await findOldest('callboard_attempts')),
  ];
  let lost = 0;
  for (const [subscriptionId, positions] of groupPlaces(places)) {
    lost += await knex.transaction(async trx => {
      await dialect.lockSubscription(trx, subscriptionId);
      const unsettled = await trx('callboard_deliveries')
        .where({ subscription_id: subscriptionId })
        .whereIn('position', positions)
        .whereIn('state', [...owedStates, 'dead'])
        .pluck('position');
      await removeAndPromote(trx, dialect, subscriptionId, positions);
      return unsettled.length;
    });
  }
  return { found: places.length, lost };
}
