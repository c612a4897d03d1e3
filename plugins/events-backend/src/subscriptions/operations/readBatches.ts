import type { Store } from '../../database';

/** A batch that is not settled. */
export interface OpenBatch {
  ticket: string;
  subscriptionId: string;
  positions: number[];
}

interface BatchRow {
  ticket: string;
  subscription_id: string;
  positions: string;
}

/** Finds batches whose lease has lapsed, the longest lapsed first. */
export async function findLapsedBatches(
  { knex, dialect }: Store,
  limit: number,
): Promise<OpenBatch[]> {
  const rows = await knex<BatchRow>('callboard_batches')
    .where('leased_until', '<', knex.raw(dialect.nowMs))
    .orderBy('leased_until')
    .limit(limit);
  return rows.map(toBatch);
}

/** Reads one batch. */
export async function readBatch(
  { knex }: Store,
  ticket: string,
): Promise<OpenBatch | undefined> {
  const row = await knex<BatchRow>('callboard_batches')
    .where({ ticket })
    .first();
  return row && toBatch(row);
}

function toBatch(row: BatchRow): OpenBatch {
  return {
    ticket: row.ticket,
    subscriptionId: row.subscription_id,
    positions: JSON.parse(row.positions),
  };
}
