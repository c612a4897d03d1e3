import type { Store } from '../../database';

/**
 * Extends the leases of batches that are still being handled, and says that their readers are alive: those whose
 * handlers take long claim nothing meanwhile.
 *
 * Two statements and no transaction, because claims and settlements lock the subscription before the batch. The lease
 * first: the row of the subscription may be locked for as long as a frozen replica holds it, which is longer than a
 * short lease.
 *
 * @returns the tickets that are still good
 */
export async function renewLeases(
  { knex, dialect }: Store,
  tickets: readonly string[],
  leaseMs: number,
  subscriptionId?: string,
): Promise<Set<string>> {
  const renewed: { ticket: string; subscription_id: string }[] = await knex(
    'callboard_batches',
  )
    .whereIn('ticket', [...tickets])
    .where(
      subscriptionId === undefined ? {} : { subscription_id: subscriptionId },
    )
    .update({ leased_until: knex.raw(`${dialect.nowMs} + ?`, [leaseMs]) })
    .returning(['ticket', 'subscription_id']);
  await knex('callboard_subscriptions')
    .whereIn(
      'id',
      renewed.map(row => row.subscription_id),
    )
    .update({ heartbeat_at: knex.raw(dialect.nowMs) });
  return new Set(renewed.map(({ ticket }) => ticket));
}
