import type { Store } from '../../database';

/**
 * Lets what failed lately be due at once.
 *
 * @param sinceMs - since when, in milliseconds before now
 * @returns how many there were
 */
export async function hastenDeliveries(
  { knex, dialect }: Store,
  subscriptionId: string,
  sinceMs: number,
): Promise<number> {
  return knex.transaction(async trx => {
    await dialect.lockSubscription(trx, subscriptionId);
    const now = trx.raw(dialect.nowMs);
    const hastened: number = await trx('callboard_deliveries')
      .where({ subscription_id: subscriptionId, state: 'due' })
      .where('due_at', '>', now)
      .where('updated_at', '>=', trx.raw(`${dialect.nowMs} - ?`, [sinceMs]))
      .update({ due_at: now, updated_at: now });
    return hastened;
  });
}
