import type { Knex } from 'knex';

/**
 * Removes the oldest events up to a position, and moves the head of the log behind them.
 *
 * The head row is moved in a statement of its own: held through the removal, it would hold up every append. Contents
 * go after the events that have them; what a crash in between leaves behind goes when more is trimmed.
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
  const removed = await knex('callboard_events')
    .where('position', '<=', last)
    .delete();
  await knex('callboard_contents').where('position', '<=', last).delete();
  await knex('callboard_log')
    .where({ id: 1 })
    .where('head', '<', last)
    .update({ head: last });
  return removed;
}
