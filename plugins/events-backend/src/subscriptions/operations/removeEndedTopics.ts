import type { Store } from '../../database';

/**
 * Removes topics that a subscription wanted once, and of which neither it nor anybody has anything left to read: they
 * ended before the head of the log, and behind the cursor.
 *
 * So the subscription is as it was for its readers, and need not tell them that its topics have changed. The topics that
 * it wants stay, and there always are some: one ends only while another is wanted.
 *
 * @param limit - how many at the most
 * @returns how many were removed
 */
export async function removeEndedTopics(
  { knex, dialect }: Store,
  head: number,
  limit: number,
): Promise<number> {
  const ended: {
    subscription_id: string;
    topic: string;
    from_position: number | string;
  }[] = await knex('callboard_subscription_topics as t')
    .join('callboard_subscriptions as s', 's.id', 't.subscription_id')
    .where('t.to_position', '<=', head)
    .whereRaw('t.to_position <= s.cursor')
    .orderBy('t.subscription_id')
    .limit(limit)
    .select('t.subscription_id', 't.topic', 't.from_position');
  let removed = 0;
  for (const range of ended) {
    removed += await knex.transaction(async trx => {
      await dialect.lockSubscription(trx, range.subscription_id);
      // Unless it is wanted again.
      const count: number = await trx('callboard_subscription_topics')
        .where(range)
        .where('to_position', '<=', head)
        .delete();
      return count;
    });
  }
  return removed;
}
