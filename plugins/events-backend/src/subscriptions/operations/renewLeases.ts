import type { Store } from '../../database';

/**
 * Extends the leases of batches that are still being handled, and says that their readers are alive: those whose
 * handlers take long claim nothing meanwhile.
 *
 * Two statements and no transaction, because claims and settlements lock the subscription before the batch.
 *
 * @returns the tickets that are still good
 */
export async function renewLeases(
  { knex, dialect }: Store,
  tickets: readonly string[],
  leaseMs: number,
  subscriptionId?: string,
): Promise<Set<string>> {
  const batches = knex('callboard_batches')
    .whereIn('ticket', [...tickets])
    .where(
      subscriptionId === undefined ? {} : { subscription_id: subscriptionId },
    );
  await knex('callboard_subscriptions')
    .whereIn('id', batches.clone().select('subscription_id'))
    .update({ heartbeat_at: knex.raw(dialect.nowMs) });
  const renewed: { ticket: string }[] = await batches
    .update({ leased_until: knex.raw(`${dialect.nowMs} + ?`, [leaseMs]) })
    .returning(['ticket']);
  return new Set(renewed.map(({ ticket }) => ticket));
}
