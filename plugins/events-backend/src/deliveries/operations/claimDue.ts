import type { Knex } from 'knex';
import { uniteRanges, type Dialect } from '../../database';
import type { DeliveryRow } from '../deliveryRow';

type Claimable = Pick<
  DeliveryRow,
  'position' | 'key' | 'attempts' | 'size' | 'due_at'
>;

/**
 * Claims deliveries that are due.
 *
 * 1. Take what is due, as far as it fits, but none whose key another reader has in hand.
 *    What is claimed early is taken in the same order.
 * 2. Behind each that was never tried, take the blocked ones of its key too, in order: a long row of them is worked
 *    off in batches. Behind one that failed before, take none, since it may fail again.
 */
export async function claimDue(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  excludedKeys: ReadonlySet<string>,
  limit: { events: number; bytes: number },
  early: boolean,
): Promise<Claimable[]> {
  const due = trx<DeliveryRow>('callboard_deliveries')
    .where({ subscription_id: subscriptionId, state: 'due' })
    .orderBy('due_at')
    .orderBy('position')
    .limit(limit.events)
    .select('position', 'key', 'attempts', 'size', 'due_at');
  if (!early) {
    due.where('due_at', '<=', trx.raw(dialect.nowMs));
  }
  if (excludedKeys.size > 0) {
    due.where(keyless =>
      keyless.whereNull('key').orWhereNotIn('key', [...excludedKeys]),
    );
  }
  const claimed = fit(await due, limit.bytes);

  const bytes = claimed.reduce((sum, { size }) => sum + size, 0);
  if (claimed.length < limit.events && bytes < limit.bytes) {
    const followers = await findFollowers(
      trx,
      subscriptionId,
      [
        ...new Set(
          claimed.flatMap(({ key, attempts }) =>
            key !== null && attempts === 0 ? [key] : [],
          ),
        ),
      ],
      limit.events - claimed.length,
    );
    claimed.push(...fit(followers, limit.bytes - bytes));
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

/**
 * Finds the first of what is blocked behind some keys, by position.
 *
 * Each key is read by its own index range and the ranges are merged: a hundred thousand may be blocked behind one key,
 * and no more are read than are asked for.
 */
async function findFollowers(
  trx: Knex.Transaction,
  subscriptionId: string,
  keys: readonly string[],
  limit: number,
): Promise<Claimable[]> {
  if (keys.length === 0) {
    return [];
  }
  const ranges = keys.map(key =>
    trx<DeliveryRow>('callboard_deliveries')
      .where({ subscription_id: subscriptionId, state: 'blocked', key })
      .orderBy('position')
      .limit(limit)
      .select('position', 'key', 'attempts', 'size', 'due_at'),
  );
  return uniteRanges(trx, ranges, limit);
}

/** The first of the rows whose payloads fit; one is taken whatever its size. */
function fit(rows: readonly Claimable[], maxBytes: number): Claimable[] {
  let bytes = 0;
  const end = rows.findIndex(({ size }) => {
    bytes += size;
    return bytes - size >= maxBytes;
  });
  return end < 0 ? [...rows] : rows.slice(0, end);
}
