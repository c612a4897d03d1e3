import type { Store } from '../../database';
import type { OwedDeliveries } from '../OwedDeliveries';

/**
 * Removes subscriptions that no reader has asked for, and that none holds a batch of: one whose handlers take long
 * claims nothing meanwhile.
 *
 * Locked in the order of their ids, as wherever several are locked.
 *
 * @param silentForMs - since when, in milliseconds before now
 * @returns their ids
 */
export async function removeSilent(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  silentForMs: number,
): Promise<string[]> {
  return knex.transaction(async trx => {
    const ids: string[] = await trx('callboard_subscriptions')
      .where(
        'heartbeat_at',
        '<',
        trx.raw(`${dialect.nowMs} - ?`, [silentForMs]),
      )
      .whereNotIn(
        'id',
        trx('callboard_batches')
          .where('leased_until', '>=', trx.raw(dialect.nowMs))
          .select('subscription_id'),
      )
      .orderBy('id')
      .forUpdate()
      .pluck('id');
    await trx('callboard_subscriptions').whereIn('id', ids).delete();
    await trx('callboard_subscription_topics')
      .whereIn('subscription_id', ids)
      .delete();
    await trx('callboard_batches').whereIn('subscription_id', ids).delete();
    await deliveries.forget(trx, ids);
    return ids;
  });
}
