import type { Knex } from 'knex';
import { wants } from '../subscriptionRow';
import { listClaimed } from './listClaimed';
import { readSubscription } from './readSubscriptions';

/**
 * Chooses those of some events that do not come by themselves: neither has a reader one in hand, nor is it still to be
 * read.
 *
 * Whoever owes an event that comes by itself as well lets it be handed out twice.
 *
 * @param trx - that holds the lock on the subscription, so that the cursor and the topics stay as they are
 */
export async function chooseForReplay<
  T extends { topic: string; position: number },
>(
  trx: Knex.Transaction,
  subscriptionId: string,
  events: readonly T[],
): Promise<T[]> {
  const subscription = await readSubscription(trx, subscriptionId);
  if (!subscription) {
    return [];
  }
  const { cursor, topics } = subscription;
  const claimed = (await listClaimed(trx, subscriptionId)).get(subscriptionId);
  return events.filter(
    event =>
      !claimed?.has(event.position) &&
      (event.position <= cursor || !wants(topics, event)),
  );
}
