import type { Store } from '../../database';

/**
 * Extends the leases of batches that are still being handled.
 *
 * @returns the tickets that are still good
 */
export async function renewLeases(
  { knex, dialect }: Store,
  tickets: readonly string[],
  leaseMs: number,
  subscriptionId?: string,
): Promise<Set<string>> {
  const renewed: { ticket: string }[] = await knex('callboard_batches')
    .whereIn('ticket', [...tickets])
    .where(
      subscriptionId === undefined ? {} : { subscription_id: subscriptionId },
    )
    .update({ leased_until: knex.raw(`${dialect.nowMs} + ?`, [leaseMs]) })
    .returning(['ticket']);
  return new Set(renewed.map(({ ticket }) => ticket));
}
