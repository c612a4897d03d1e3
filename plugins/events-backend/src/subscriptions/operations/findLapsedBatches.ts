import type { Store } from '../../database';

/** A batch whose reader did not settle in time. */
export interface LapsedBatch {
  ticket: string;
  subscriptionId: string;
  positions: number[];
}

/** Finds batches whose lease has lapsed, the longest lapsed first. */
export async function findLapsedBatches(
  { knex, dialect }: Store,
  limit: number,
): Promise<LapsedBatch[]> {
  const rows: { ticket: string; subscription_id: string; positions: string }[] =
    await knex('callboard_batches')
      .where('leased_until', '<', knex.raw(dialect.nowMs))
      .orderBy('leased_until')
      .limit(limit);
  return rows.map(row => ({
    ticket: row.ticket,
    subscriptionId: row.subscription_id,
    positions: JSON.parse(row.positions),
  }));
}
