import type { Knex } from 'knex';
import type { Dialect, Store } from '../../database';
import type { OwedDeliveries } from '../OwedDeliveries';
import { removeSubscriptions } from './removeSubscriptions';

/** A subscription that was removed because nobody read it. */
export interface ExpiredSubscription {
  id: string;
  /** Whether it had said itself how soon it goes: it belonged to one process, or wanted ephemeral topics only. */
  asAgreed: boolean;
}

/** Lists subscriptions that no reader has asked for, and that none holds a batch of. */
export function listSilent(
  { knex, dialect }: Store,
  silentForMs: number,
): Promise<string[]> {
  return selectSilent(knex, dialect, silentForMs).pluck('id');
}

/**
 * Removes subscriptions that no reader has asked for, and that none holds a batch of: one whose handlers take long
 * claims nothing meanwhile.
 *
 * Locked in the order of their ids, as wherever several are locked.
 *
 * @param silentForMs - since when, in milliseconds before now, where the subscription says nothing else
 * @param ids - only these; unless given, every one that is silent
 */
export async function removeSilent(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  silentForMs: number,
  ids?: readonly string[],
): Promise<ExpiredSubscription[]> {
  return knex.transaction(async trx => {
    await dialect.endIfFrozen(trx);
    const query = selectSilent(trx, dialect, silentForMs);
    if (ids) {
      query.whereIn('id', [...ids]);
    }
    const silent: { id: string; expires_after: number | string | null }[] =
      await query.forUpdate().select('id', 'expires_after');
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
    )
    .orderBy('id');
}
