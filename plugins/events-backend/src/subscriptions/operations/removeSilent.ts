import type { Store } from '../../database';
import type { OwedDeliveries } from '../OwedDeliveries';
import { removeSubscriptions } from './removeSubscriptions';

/** A subscription that was removed because nobody read it. */
export interface ExpiredSubscription {
  id: string;
  /** Whether it had said itself how soon it goes: it belonged to one process, or wanted ephemeral topics only. */
  asAgreed: boolean;
}

/**
 * Removes subscriptions that no reader has asked for, and that none holds a batch of: one whose handlers take long
 * claims nothing meanwhile.
 *
 * Locked in the order of their ids, as wherever several are locked.
 *
 * @param silentForMs - since when, in milliseconds before now, where the subscription says nothing else
 */
export async function removeSilent(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  silentForMs: number,
): Promise<ExpiredSubscription[]> {
  return knex.transaction(async trx => {
    const silent: { id: string; expires_after: number | string | null }[] =
      await trx('callboard_subscriptions')
        .where(
          'heartbeat_at',
          '<',
          trx.raw(`${dialect.nowMs} - coalesce(expires_after, ?)`, [
            silentForMs,
          ]),
        )
        .whereNotIn(
          'id',
          trx('callboard_batches')
            .where('leased_until', '>=', trx.raw(dialect.nowMs))
            .select('subscription_id'),
        )
        .orderBy('id')
        .forUpdate()
        .select('id', 'expires_after');
    await removeSubscriptions(
      trx,
      deliveries,
      silent.map(({ id }) => id),
    );
    return silent.map(row => ({
      id: row.id,
      asAgreed: row.expires_after !== null,
    }));
  });
}
