import type { Knex } from 'knex';
import type { OwedDeliveries } from '../OwedDeliveries';

/** So many take some ten milliseconds, and a million of them must neither exceed `events.store.timeLimit` nor stop a process. */
const deliveriesPerTransaction = 1_000;

/**
 * Removes a part of what is owed to a subscription, which is locked; and the subscription once nothing is owed to it.
 *
 * The subscription goes last: without it, what is owed would hold the log for ever, and whoever registers the same id
 * would be handed it. So a crash in between leaves a subscription that is still to be removed.
 *
 * @returns whether the subscription is gone
 */
export async function removeSubscription(
  trx: Knex.Transaction,
  deliveries: OwedDeliveries,
  id: string,
): Promise<boolean> {
  if (!(await deliveries.forget(trx, id, deliveriesPerTransaction))) {
    return false;
  }
  for (const table of ['callboard_subscription_topics', 'callboard_batches']) {
    await trx(table).where({ subscription_id: id }).delete();
  }
  await trx('callboard_subscriptions').where({ id }).delete();
  return true;
}
