import { randomUUID } from 'node:crypto';
import { InputError } from '@backstage/errors';
import type { Store } from '../../database';
import {
  maxWantedTopics,
  type RetryWish,
} from '@callboard/backstage-plugin-events-node/bus';
import { WishChangedError } from '../WishChangedError';
import { neverMs, type SubscriptionTopicRow } from '../subscriptionRow';
import { readSubscription } from './readSubscriptions';

/** SQLite takes no more in one statement. */
const rowsPerStatement = 500;

/**
 * Makes a subscription stand, adds the topics it wants, and says that they are wanted still.
 *
 * Which event is the newest is asked once the subscription is locked, so that no reader passes it meanwhile.
 *
 * A new subscription starts where it is told, a new topic of an old one behind the newest event. Topics that are not named are left
 * alone: another handler or another replica may want them. See `endUnwantedTopics`. So are retries that are not spoken of,
 * and the expiry is decided by all topics, since processes that share a subscription need not agree. For a standing one
 * topics that are not named end.
 *
 * @throws InputError when the subscription would want too many topics; nothing is changed then
 */
export async function registerSubscription(
  { knex, dialect }: Store,
  id: string,
  topics: readonly string[],
  terms: {
    /** Where a new subscription starts; undefined for the tail. */
    startPosition: number | undefined;
    retry?: RetryWish;
    decideExpiry?: (topics: readonly string[]) => number | undefined;
    standing?: { wish: string; replaces: string | undefined };
  },
): Promise<void> {
  const { startPosition, decideExpiry, standing } = terms;
  const spoken = terms.retry && { retry: JSON.stringify(terms.retry) };
  await dialect.makeDurable(knex);
  await knex.transaction(async trx => {
    // The insert locks the row already.
    await dialect.endIfFrozen(trx);
    const tailNow = trx('callboard_log').where({ id: 1 }).select('tail');
    const now = trx.raw(dialect.nowMs);
    await trx('callboard_subscriptions')
      .insert({
        id,
        cursor: startPosition ?? tailNow,
        created_at: now,
        heartbeat_at: now,
        wish: standing?.wish ?? randomUUID(),
        ...spoken,
      })
      .onConflict('id')
      .merge({ heartbeat_at: now, ...spoken });
    await dialect.lockSubscription(trx, id);
    const { tail } = await tailNow.clone().first();
    const subscription = await readSubscription(trx, id);
    if (
      standing &&
      // The new wish is that of a row that was inserted just now.
      ![standing.wish, standing.replaces].includes(subscription?.wish)
    ) {
      throw new WishChangedError(id);
    }
    // Without any topic yet, it was made just now.
    const from = subscription?.topics.length ? tail : subscription?.cursor;

    const wanted: SubscriptionTopicRow[] = await trx(
      'callboard_subscription_topics',
    )
      .where({ subscription_id: id })
      .whereNull('to_position');
    const before = new Set(wanted.map(row => row.topic));
    const added = [...new Set(topics)].filter(topic => !before.has(topic));
    if (added.length > 0 && before.size + added.length > maxWantedTopics) {
      throw new InputError(
        `Subscription '${id}' would want ${
          before.size + added.length
        } topics, and ${maxWantedTopics} are the most. Topics of all its handlers add up, and one that none names any more ends after half an hour; give some handlers another subscription id.`,
      );
    }
    if (standing) {
      await trx('callboard_subscription_topics')
        .where({ subscription_id: id })
        .whereNull('to_position')
        .whereNotIn('topic', [...topics])
        .update({ to_position: tail });
    }
    await trx('callboard_subscription_topics')
      .where({ subscription_id: id })
      .whereNull('to_position')
      .whereIn('topic', [...topics])
      .update({ wanted_at: now });
    for (let first = 0; first < added.length; first += rowsPerStatement) {
      await trx('callboard_subscription_topics')
        .insert(
          added.slice(first, first + rowsPerStatement).map(topic => ({
            subscription_id: id,
            topic,
            from_position: from,
            to_position: null,
            wanted_at: now,
          })),
        )
        .onConflict(['subscription_id', 'topic', 'from_position'])
        .merge({ to_position: null, wanted_at: now });
    }
    await trx('callboard_subscriptions')
      .where({ id })
      .update({
        expires_after: standing
          ? neverMs
          : decideExpiry?.([...before, ...added]) ?? null,
        ...(standing
          ? { wish: standing.wish }
          : added.length > 0 && { wish: randomUUID() }),
      });
  });
}
