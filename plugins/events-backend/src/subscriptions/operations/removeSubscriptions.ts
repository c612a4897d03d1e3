import type { Knex } from 'knex';
import type { OwedDeliveries } from '../OwedDeliveries';

/** Removes subscriptions, which are locked, with everything that is owed to them. */
export async function removeSubscriptions(
  trx: Knex.Transaction,
  deliveries: OwedDeliveries,
  ids: readonly string[],
): Promise<void> {
  await trx('callboard_subscriptions')
    .whereIn('id', [...ids])
    .delete();
  for (const table of ['callboard_subscription_topics', 'callboard_batches']) {
    await trx(table)
      .whereIn('subscription_id', [...ids])
      .delete();
  }
  await deliveries.forget(trx, ids);
}
