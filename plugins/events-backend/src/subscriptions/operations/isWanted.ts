import type { Knex } from 'knex';
import { everyTopic } from '../subscriptionRow';

/** Whether a subscription, other than those excepted, wants a topic now. */
export async function isWanted(
  knex: Knex,
  topic: string,
  except: readonly string[],
): Promise<boolean> {
  const row = await knex('callboard_subscription_topics')
    .whereIn('topic', [topic, everyTopic])
    .whereNull('to_position')
    .whereNotIn('subscription_id', [...except])
    .first('subscription_id');
  return row !== undefined;
}
