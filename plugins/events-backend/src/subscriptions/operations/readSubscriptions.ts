import type { Knex } from 'knex';
import {
  toSubscription,
  type Subscription,
  type SubscriptionRow,
  type SubscriptionTopicRow,
} from '../subscriptionRow';

/** Reads one subscription with every topic it wants or wanted. */
export async function readSubscription(
  knex: Knex,
  id: string,
): Promise<Subscription | undefined> {
  const [row, topics] = await Promise.all([
    knex<SubscriptionRow>('callboard_subscriptions').where({ id }).first(),
    knex<SubscriptionTopicRow>('callboard_subscription_topics').where({
      subscription_id: id,
    }),
  ]);
  return row && toSubscription(row, topics);
}

/** Reads all subscriptions, in the order of their ids. */
export async function readSubscriptions(knex: Knex): Promise<Subscription[]> {
  const [rows, topics] = await Promise.all([
    knex<SubscriptionRow>('callboard_subscriptions').orderBy('id'),
    knex<SubscriptionTopicRow>('callboard_subscription_topics').orderBy(
      'topic',
    ),
  ]);
  const topicsOf = new Map<string, SubscriptionTopicRow[]>();
  for (const topic of topics) {
    const known = topicsOf.get(topic.subscription_id);
    if (known) {
      known.push(topic);
    } else {
      topicsOf.set(topic.subscription_id, [topic]);
    }
  }
  return rows.map(row => toSubscription(row, topicsOf.get(row.id) ?? []));
}
