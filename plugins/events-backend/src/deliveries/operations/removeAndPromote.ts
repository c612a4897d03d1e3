import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import { promoteNext } from './promoteNext';
import { removeDeliveries } from './removeDeliveries';

/**
 * Removes deliveries of a subscription, which is locked, with their attempts, and lets the next of each key be due: it
 * would wait for ever behind one that is gone.
 */
export async function removeAndPromote(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  positions: readonly number[],
): Promise<void> {
  const keys: string[] = await trx('callboard_deliveries')
    .where({ subscription_id: subscriptionId })
    .whereIn('position', [...positions])
    .whereNotNull('key')
    .distinct()
    .pluck('key');
  await removeDeliveries(trx, subscriptionId, positions);
  await promoteNext(trx, dialect, subscriptionId, keys);
}
