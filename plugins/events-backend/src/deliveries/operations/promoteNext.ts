import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import { listValues } from './listValues';

/**
 * Makes the first blocked delivery of each key due, where nothing of the key is due or claimed.
 *
 * Looks each key up by itself: thousands may be blocked behind one, and none but the first is read.
 */
export async function promoteNext(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) {
    return;
  }
  await trx.raw(
    `UPDATE callboard_deliveries
     SET state = 'due', due_at = ${dialect.nowMs}
     WHERE subscription_id = ? AND position IN (
       SELECT (
         SELECT min(b.position) FROM callboard_deliveries b
         WHERE b.subscription_id = ? AND b.key = k.column1 AND b.state = 'blocked'
       )
       FROM (${listValues(keys)}) AS k
       WHERE NOT EXISTS (
         SELECT 1 FROM callboard_deliveries a
         WHERE a.subscription_id = ? AND a.key = k.column1 AND a.state IN ('due', 'claimed')
       )
     )`,
    [subscriptionId, subscriptionId, ...keys, subscriptionId],
  );
}
