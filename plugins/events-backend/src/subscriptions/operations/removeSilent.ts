import type { Knex } from 'knex';
import type { Dialect, Store } from '../../database';
import type { OwedDeliveries } from '../OwedDeliveries';
import { removeSubscription } from './removeSubscription';

/** What came of removing a subscription that was silent. */
export type Expiry =
  /** It is gone, or somebody reads it again. */
  | { outcome: 'kept' }
  /** More is owed to it than one transaction removes. */
  | { outcome: 'begun' }
  | {
      outcome: 'removed';
      /** Whether it had said itself how soon it goes: it belonged to one process, or wanted ephemeral topics only. */
      asAgreed: boolean;
    };

/** Lists subscriptions that no reader has asked for, and that none holds a batch of. */
export function listSilent(
  { knex, dialect }: Store,
  silentForMs: number,
): Promise<string[]> {
  return selectSilent(knex, dialect, silentForMs).orderBy('id').pluck('id');
}

/**
 * Removes a subscription, or a part of what is owed to it, if no reader has asked for it, and none holds a batch of it:
 * one whose handlers take long claims nothing meanwhile.
 *
 * Looks behind the lock whether it is silent, each time: whoever reads it again in between keeps what is left.
 *
 * @param silentForMs - since when, in milliseconds before now, where the subscription says nothing else
 */
export async function removeSilent(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  id: string,
  silentForMs: number,
): Promise<Expiry> {
  return knex.transaction(async trx => {
    await dialect.lockSubscription(trx, id);
    const silent = await selectSilent(trx, dialect, silentForMs)
      .where({ id })
      .first<{ expires_after: number | string | null } | undefined>(
        'expires_after',
      );
    if (!silent) {
      return { outcome: 'kept' };
    }
    return (await removeSubscription(trx, deliveries, id))
      ? { outcome: 'removed', asAgreed: silent.expires_after !== null }
      : { outcome: 'begun' };
  });
}

function selectSilent(knex: Knex, { nowMs }: Dialect, silentForMs: number) {
  return knex('callboard_subscriptions')
    .where(
      'heartbeat_at',
      '<',
      knex.raw(`${nowMs} - coalesce(expires_after, ?)`, [silentForMs]),
    )
    .whereNotIn(
      'id',
      knex('callboard_batches')
        .where('leased_until', '>=', knex.raw(nowMs))
        .select('subscription_id'),
    );
}
