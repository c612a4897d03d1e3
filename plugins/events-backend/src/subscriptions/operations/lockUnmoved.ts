import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import type { Subscription } from '../subscriptionRow';

/**
 * Locks a subscription until the transaction ends, and sees whether it is still as it was read before.
 *
 * @returns false when its cursor has moved, its topics have changed, or it is gone: what was read of the log for it
 * may miss events, so that the cursor must not be moved by it
 */
export async function lockUnmoved(
  trx: Knex.Transaction,
  dialect: Dialect,
  { id, cursor, wish }: Subscription,
): Promise<boolean> {
  await dialect.lockSubscription(trx, id);
  const unmoved = await trx('callboard_subscriptions')
    .where({ id, cursor, wish })
    .first('id');
  return unmoved !== undefined;
}
