import type { Knex } from 'knex';
import type { Dialect } from '../../database';

/** Makes the first blocked delivery of each key due, where nothing of the key is due or claimed. */
export async function promoteNext(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) {
    return;
  }
  const first = trx('callboard_deliveries as b')
    .where({ 'b.subscription_id': subscriptionId, 'b.state': 'blocked' })
    .whereIn('b.key', [...keys])
    .whereNotExists(
      trx('callboard_deliveries as a')
        .select(trx.raw('1'))
        .where({ 'a.subscription_id': subscriptionId })
        .whereIn('a.state', ['due', 'claimed'])
        .whereRaw('a.key = b.key'),
    )
    .groupBy('b.key')
    .min('b.position');
  await trx('callboard_deliveries')
    .where({ subscription_id: subscriptionId })
    .whereIn('position', first)
    .update({ state: 'due', due_at: trx.raw(dialect.nowMs) });
}
