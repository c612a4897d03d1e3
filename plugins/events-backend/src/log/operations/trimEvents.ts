import type { Knex } from 'knex';

/**
 * Moves the head of the log, and removes the oldest events up to it.
 *
 * The head moves first, so that a reader who finds events gone finds the head behind them; and in a statement of its
 * own, since held through the removal it would hold up every append. Contents go after the events that have them.
 *
 * Looks behind the head only: before it, an index still holds what was removed since the last vacuum, and page after
 * page would read more of that. What a crash has left there goes when there is nothing else to trim.
 *
 * @returns how many events were removed
 */
export async function trimEvents(
  knex: Knex,
  upTo: number,
  limit: number,
): Promise<number> {
  const { head }: { head: number | string } = await knex('callboard_log')
    .where({ id: 1 })
    .first('head');
  const oldest = await knex('callboard_events')
    .where('position', '>', head)
    .where('position', '<=', upTo)
    .orderBy('position')
    .limit(limit)
    .pluck('position');
  if (oldest.length === 0) {
    return remove(knex, 0, Math.min(Number(head), upTo));
  }
  const last = Number(oldest[oldest.length - 1]);
  await knex('callboard_log')
    .where({ id: 1 })
    .where('head', '<', last)
    .update({ head: last });
  return remove(knex, Number(head), last);
}

/** Removes what lies behind one position and up to another. */
async function remove(knex: Knex, from: number, to: number): Promise<number> {
  const removed = await knex('callboard_events')
    .where('position', '>', from)
    .where('position', '<=', to)
    .delete();
  await knex('callboard_contents')
    .where('position', '>', from)
    .where('position', '<=', to)
    .delete();
  return removed;
}
