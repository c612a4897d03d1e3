import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import { removeAndPromote } from './removeAndPromote';

/**
 * Removes the oldest deliveries and attempts of a subscription, which is locked.
 *
 * What is left is in order, with the next of each key due, since whoever reads the subscription again goes on with it.
 *
 * @param limit - how many deliveries at the most, and as many attempts without one
 * @returns whether nothing is left
 */
export async function forgetSubscription(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  limit: number,
): Promise<boolean> {
  const findOldest = (table: string): Promise<(number | string)[]> =>
    trx(table)
      .where({ subscription_id: subscriptionId })
      .orderBy('position')
      .limit(limit)
      .pluck('position');
  const deliveries = await findOldest('callboard_deliveries');
  const attempts = await findOldest('callboard_attempts');
  const positions = new Set([...deliveries, ...attempts].map(Number));
  await removeAndPromote(trx, dialect, subscriptionId, [...positions]);
  return deliveries.length < limit && attempts.length < limit;
}
