import type { Knex } from 'knex';
import type { DueDelivery, RecoveryReason } from '../DueDelivery';

interface DueRow {
  guid: string;
  delivery_id: number | string;
  delivered_at: number | string;
  reason: RecoveryReason;
  attempts: number;
  attempted_at: number | string | null;
}

/** Reads what is to be fetched, the oldest first; what GitHub did not give comes after what it was not asked for. */
export async function readDue(
  knex: Knex,
  hook: string,
  limit: number,
): Promise<DueDelivery[]> {
  const rows: DueRow[] = await knex('callboard_github_recovery_deliveries')
    .where({ hook, state: 'due' })
    .orderBy([
      'attempts',
      'delivered_at',
      // GitHub tells seconds only.
      'delivery_id',
    ])
    .limit(limit)
    .select(
      'guid',
      'delivery_id',
      'delivered_at',
      'reason',
      'attempts',
      'attempted_at',
    );
  return rows.map(row => ({
    guid: row.guid,
    deliveryId: Number(row.delivery_id),
    deliveredMs: Number(row.delivered_at),
    reason: row.reason,
    attempts: row.attempts,
    attemptedMs:
      row.attempted_at === null ? undefined : Number(row.attempted_at),
  }));
}
