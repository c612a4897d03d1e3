import type { Knex } from 'knex';

/** Removes deliveries of a subscription, which is locked, with their attempts. */
export async function removeDeliveries(
  trx: Knex.Transaction,
  subscriptionId: string,
  positions: readonly number[],
): Promise<void> {
  if (positions.length === 0) {
    return;
  }
  for (const table of ['callboard_deliveries', 'callboard_attempts']) {
    await trx(table)
      .where({ subscription_id: subscriptionId })
      .whereIn('position', [...positions])
      .delete();
  }
}
