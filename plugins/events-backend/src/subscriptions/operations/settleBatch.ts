import type { Store } from '../../database';
import type { Settlement } from '../../model/batch';
import type { OwedDeliveries } from '../OwedDeliveries';
import { readSubscription } from './readSubscriptions';

/**
 * Ends a claim, in one transaction that holds the lock on the subscription.
 *
 * 1. Lock the subscription.
 * 2. Remove the batch. If it is gone, the lease lapsed and somebody else owns its events: settle nothing.
 * 3. Record what failed, what was not tried, and what of the owed was delivered.
 *
 * @param input.lapsed - settle only if the lease has lapsed; for the rescue, which must not take a batch that was renewed
 * @returns whether the ticket was still good
 */
export async function settleBatch(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  input: {
    ticket: string;
    subscriptionId: string;
    settlements: readonly Settlement[];
    lapsed?: boolean;
  },
): Promise<boolean> {
  const { ticket, subscriptionId, settlements } = input;
  let announce = () => {};
  const settled = await knex.transaction(async trx => {
    await dialect.lockSubscription(trx, subscriptionId);
    const batch = trx('callboard_batches').where({ ticket });
    if (input.lapsed) {
      batch.where('leased_until', '<', trx.raw(dialect.nowMs));
    }
    if ((await batch.delete()) === 0) {
      return false;
    }
    const failure = settlements.findLast(
      ({ outcome }) => outcome.kind === 'failed' || outcome.kind === 'lapsed',
    );
    const retry =
      failure && (await readSubscription(trx, subscriptionId))?.retry;
    announce = await deliveries.settle(trx, subscriptionId, settlements, retry);
    if (failure) {
      await trx('callboard_subscriptions')
        .where({ id: subscriptionId })
        .update({
          last_error:
            failure.outcome.kind === 'failed'
              ? failure.outcome.error
              : 'The reader vanished before it settled',
          last_error_at: trx.raw(dialect.nowMs),
        });
    }
    return true;
  });
  announce();
  return settled;
}
