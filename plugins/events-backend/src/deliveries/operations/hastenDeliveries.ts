import type { Store } from '../../database';

/**
 * Lets what waits for its next attempt be due at once; nothing that waits behind another one of its key, or is in hand.
 *
 * @param which - what failed lately, since when in milliseconds before now; or the one at a position
 * @returns how many there were
 */
export async function hastenDeliveries(
  { knex, dialect }: Store,
  subscriptionId: string,
  which: { sinceMs: number } | { position: number },
): Promise<number> {
  return knex.transaction(async trx => {
    await dialect.lockSubscription(trx, subscriptionId);
    const now = trx.raw(dialect.nowMs);
    const waiting = trx('callboard_deliveries')
      .where({ subscription_id: subscriptionId, state: 'due' })
      .where('due_at', '>', now);
    if ('position' in which) {
      waiting.where({ position: which.position });
    } else {
      waiting.where(
        'updated_at',
        '>=',
        trx.raw(`${dialect.nowMs} - ?`, [which.sinceMs]),
      );
    }
    const hastened: number = await waiting.update({
      due_at: now,
      updated_at: now,
    });
    return hastened;
  });
}
