import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import { isSameWish, type Subscription } from '../subscriptionRow';
import { readSubscription } from './readSubscriptions';

/**
 * Locks a subscription until the transaction ends, and sees whether it is still as it was read before.
 *
 * @returns false when its cursor has moved, its topics have changed, or it is gone: what was read of the log for it
 * may miss events, so that the cursor must not be moved by it
 */
export async function lockUnmoved(
  trx: Knex.Transaction,
  dialect: Dialect,
  before: Subscription,
): Promise<boolean> {
  await dialect.lockSubscription(trx, before.id);
  const now = await readSubscription(trx, before.id);
  return (
    now !== undefined &&
    now.cursor === before.cursor &&
    isSameWish(now.topics, before.topics)
  );
}
