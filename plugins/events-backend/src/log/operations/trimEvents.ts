import type { Knex } from 'knex';

/**
 * Moves the head of the log, and removes the oldest events up to it.
 *
 * The head moves first, so that a reader who finds events gone finds the head behind them; and in a statement of its
 * own, since held through the removal it would hold up every append. Contents go after the events that have them; what
 * a crash in between leaves behind goes when more is trimmed.
 */
export async function trimEvents(
  knex: Knex,
  upTo: number,
  limit: number,
): Promise<number> {
  const oldest = await knex('callboard_events')
    .where('position', '<=', upTo)
    .orderBy('position')
    .limit(limit)
    .pluck('position');
  if (oldest.length === 0) {
    return 0;
  }
  const last = Number(oldest[oldest.length - 1]);
  await knex('callboard_log')
    .where({ id: 1 })
    .where('head', '<', last)
    .update({ head: last });
  const removed = await knex('callboard_events')
    .where('position', '<=', last)
    .delete();
  await knex('callboard_contents').where('position', '<=', last).delete();
  return removed;
}
