import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import type { DeliveryRow } from '../deliveryRow';

type Claimable = Pick<DeliveryRow, 'position' | 'key' | 'attempts'>;

/**
 * Claims deliveries that are due.
 *
 * 1. Take what is due, but none whose key another reader has in hand.
 * 2. Behind each that was never tried, take the blocked ones of its key too, in order: a long row of them is worked
 *    off in batches. Behind one that failed before, take none, since it may fail again.
 */
export async function claimDue(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  excludedKeys: ReadonlySet<string>,
  limit: number,
): Promise<Claimable[]> {
  const due = trx<DeliveryRow>('callboard_deliveries')
    .where({ subscription_id: subscriptionId, state: 'due' })
    .where('due_at', '<=', trx.raw(dialect.nowMs))
    .orderBy('due_at')
    .orderBy('position')
    .limit(limit)
    .select('position', 'key', 'attempts');
  if (excludedKeys.size > 0) {
    due.where(keyless =>
      keyless.whereNull('key').orWhereNotIn('key', [...excludedKeys]),
    );
  }
  const claimed: Claimable[] = await due;

  const untriedKeys = claimed.flatMap(({ key, attempts }) =>
    key !== null && attempts === 0 ? [key] : [],
  );
  if (untriedKeys.length > 0 && claimed.length < limit) {
    const followers: Claimable[] = await trx<DeliveryRow>(
      'callboard_deliveries',
    )
      .where({ subscription_id: subscriptionId, state: 'blocked' })
      .whereIn('key', untriedKeys)
      .orderBy('position')
      .limit(limit - claimed.length)
      .select('position', 'key', 'attempts');
    claimed.push(...followers);
  }
  if (claimed.length > 0) {
    await trx<DeliveryRow>('callboard_deliveries')
      .where({ subscription_id: subscriptionId })
      .whereIn(
        'position',
        claimed.map(({ position }) => position),
      )
      .update({ state: 'claimed', updated_at: trx.raw(dialect.nowMs) });
  }
  return claimed;
}
