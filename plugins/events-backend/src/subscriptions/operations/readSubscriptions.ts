import type { Knex } from 'knex';
import {
  toSubscription,
  type Subscription,
  type SubscriptionRow,
  type SubscriptionTopicRow,
} from '../subscriptionRow';

/** A subscription next to one of its topics, or to none. */
type JoinedRow = SubscriptionRow &
  (SubscriptionTopicRow | { subscription_id: null });

/** Reads one subscription with every topic it wants or wanted. */
export async function readSubscription(
  knex: Knex,
  id: string,
): Promise<Subscription | undefined> {
  const [subscription] = toSubscriptions(
    await selectJoined(knex).where({ id }),
  );
  return subscription;
}

/** Reads all subscriptions, in the order of their ids. */
export async function readSubscriptions(knex: Knex): Promise<Subscription[]> {
  return toSubscriptions(
    await selectJoined(knex).orderBy(['s.id', 't.topic', 't.from_position']),
  );
}

/** One statement, so that a subscription and its topics are those of one moment. */
function selectJoined(knex: Knex): Knex.QueryBuilder<JoinedRow, JoinedRow[]> {
  return knex
    .select(
      's.*',
      't.subscription_id',
      't.topic',
      't.from_position',
      't.to_position',
    )
    .from('callboard_subscriptions as s')
    .leftJoin(
      'callboard_subscription_topics as t',
      't.subscription_id',
      's.id',
    );
}

function toSubscriptions(rows: readonly JoinedRow[]): Subscription[] {
  const topicsOf = new Map<
    string,
    { row: SubscriptionRow; topics: SubscriptionTopicRow[] }
  >();
  for (const row of rows) {
    const known = topicsOf.get(row.id) ?? { row, topics: [] };
    topicsOf.set(row.id, known);
    if (row.subscription_id !== null) {
      known.topics.push(row);
    }
  }
  return [...topicsOf.values()].map(({ row, topics }) =>
    toSubscription(row, topics),
  );
}
