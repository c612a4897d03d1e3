import type { Knex } from 'knex';

/**
 * Removes the oldest events of some topics up to a position, and leaves those of other topics in between.
 *
 * A content goes with the last event that has it: an event under another topic may share it.
 */
export async function trimTopics(
  knex: Knex,
  upTo: number,
  limit: number,
  topics: readonly string[],
): Promise<number> {
  let removed = 0;
  for (const topic of topics) {
    removed += await trimTopic(knex, upTo, limit - removed, topic);
    if (removed >= limit) {
      break;
    }
  }
  return removed;
}

/** One topic by itself, so that its index gives its oldest events and nothing else is read. */
async function trimTopic(
  knex: Knex,
  upTo: number,
  limit: number,
  topic: string,
): Promise<number> {
  const oldest: {
    position: number | string;
    content_position: number | string;
  }[] = await knex('callboard_events')
    .where({ topic })
    .where('position', '<=', upTo)
    .orderBy('position')
    .limit(limit)
    .select('position', 'content_position');
  if (oldest.length === 0) {
    return 0;
  }
  const removed = await knex('callboard_events')
    .whereIn(
      'position',
      oldest.map(({ position }) => position),
    )
    .delete();
  await knex('callboard_contents')
    .whereIn('position', [...new Set(oldest.map(row => row.content_position))])
    .whereNotExists(
      knex('callboard_events as e')
        .select(knex.raw('1'))
        .whereRaw('e.position = callboard_contents.position'),
    )
    .whereNotExists(
      knex('callboard_events as e')
        .select(knex.raw('1'))
        .whereRaw('e.content_position = callboard_contents.position')
        // As the index says that finds them.
        .whereRaw('e.content_position <> e.position'),
    )
    .delete();
  return removed;
}
