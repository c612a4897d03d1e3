import type { Store } from '../../database';

/**
 * Lets one event that waits for its next attempt be due at once.
 *
 * @returns whether it waited; not when it is due already, waits behind another one of its key, or is in hand
 */
export async function hastenDelivery(
  { knex, dialect }: Store,
  subscriptionId: string,
  position: number,
): Promise<boolean> {
  return knex.transaction(async trx => {
    await dialect.lockSubscription(trx, subscriptionId);
    const now = trx.raw(dialect.nowMs);
    const hastened: number = await trx('callboard_deliveries')
      .where({ subscription_id: subscriptionId, position, state: 'due' })
      .where('due_at', '>', now)
      .update({ due_at: now, updated_at: now });
    return hastened > 0;
  });
}
