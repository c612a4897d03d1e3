import { randomUUID } from 'node:crypto';
import type { Store } from '../../database';
import { neverMs } from '../subscriptionRow';

/**
 * Ends topics that no process has wanted for a while, although another topic of the same subscription is wanted.
 *
 * So a topic that a plugin has dropped ends, but neither one that a newer or older replica still wants, nor those of a
 * subscription whose plugin is away. Those of a standing subscription are what whoever keeps it says, and nobody says it
 * again. A topic keeps its end, so that what came before is still delivered and can be
 * explained.
 *
 * @param unwantedForMs - since when, in milliseconds before now
 * @returns what has ended
 */
export async function endUnwantedTopics(
  { knex, dialect }: Store,
  unwantedForMs: number,
): Promise<{ subscriptionId: string; topic: string }[]> {
  const since = knex.raw(`${dialect.nowMs} - ?`, [unwantedForMs]);
  const unwanted: { subscription_id: string; topic: string }[] = await knex(
    'callboard_subscription_topics as t',
  )
    .whereNull('t.to_position')
    .where('t.wanted_at', '<', since)
    .whereExists(
      knex('callboard_subscriptions as s')
        .select(knex.raw('1'))
        .whereRaw('s.id = t.subscription_id')
        .where(mayExpire =>
          mayExpire
            .whereNull('s.expires_after')
            .orWhere('s.expires_after', '<', neverMs),
        ),
    )
    .whereExists(
      knex('callboard_subscription_topics as other')
        .select(knex.raw('1'))
        .whereRaw('other.subscription_id = t.subscription_id')
        .whereNull('other.to_position')
        .where('other.wanted_at', '>=', since),
    )
    .select('t.subscription_id', 't.topic');
  const ended: { subscriptionId: string; topic: string }[] = [];
  for (const { subscription_id: subscriptionId, topic } of unwanted) {
    await knex.transaction(async trx => {
      await dialect.lockSubscription(trx, subscriptionId);
      const count = await trx('callboard_subscription_topics')
        .where({ subscription_id: subscriptionId, topic })
        .whereNull('to_position')
        .where('wanted_at', '<', since)
        .update({
          to_position: trx('callboard_log').where({ id: 1 }).select('tail'),
        });
      if (count > 0) {
        await trx('callboard_subscriptions')
          .where({ id: subscriptionId })
          .update({ wish: randomUUID() });
        ended.push({ subscriptionId, topic });
      }
    });
  }
  return ended;
}
