import type { Knex } from 'knex';

/**
 * Lists the topics that the log has events of.
 *
 * Jumps through the index from one topic to the next, because a plain DISTINCT would read every event.
 */
export async function listTopics(
  knex: Knex,
): Promise<{ topic: string; lastPosition: number; lastTimeMs: number }[]> {
  const result = await knex
    .withRecursive('topics', ['topic'], topics => {
      topics
        .min('topic')
        .from('callboard_events')
        .unionAll(
          knex
            .select(
              knex.raw(
                '(SELECT min(topic) FROM callboard_events WHERE topic > topics.topic)',
              ),
            )
            .from('topics')
            .whereNotNull('topic'),
        );
    })
    .select(
      'topic',
      knex.raw(
        '(SELECT max(position) FROM callboard_events e WHERE e.topic = topics.topic) as last_position',
      ),
    )
    .from('topics')
    .whereNotNull('topic');
  const found: { topic: string; last_position: number | string }[] = result;
  const times = await knex('callboard_events')
    .whereIn(
      'position',
      found.map(row => row.last_position),
    )
    .select('topic', 'time');
  const timeOf = new Map(times.map(row => [row.topic, Number(row.time)]));
  return found.map(row => ({
    topic: row.topic,
    lastPosition: Number(row.last_position),
    lastTimeMs: timeOf.get(row.topic) ?? 0,
  }));
}
