import type { Knex } from 'knex';
import { owedStates } from '../deliveryRow';

/**
 * Blocks what is due of each key behind an earlier event of the key that is owed too.
 *
 * A later event can be due first when it was owed while the earlier one was in a reader's hands: set aside because the
 * reader was slow, or asked for again.
 */
export async function blockBehindEarlier(
  trx: Knex.Transaction,
  subscriptionId: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) {
    return;
  }
  await trx('callboard_deliveries')
    .where({ subscription_id: subscriptionId, state: 'due' })
    .whereIn('key', [...keys])
    .whereExists(
      trx('callboard_deliveries as earlier')
        .select(trx.raw('1'))
        .where({ 'earlier.subscription_id': subscriptionId })
        .whereIn('earlier.state', owedStates)
        .whereRaw('earlier.key = callboard_deliveries.key')
        .whereRaw('earlier.position < callboard_deliveries.position'),
    )
    .update({ state: 'blocked' });
}
