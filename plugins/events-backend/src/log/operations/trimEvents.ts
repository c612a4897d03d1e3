import type { Knex } from 'knex';
import type { Store } from '../../database';

/**
 * Moves the head of the log, and removes the oldest events up to it.
 *
 * The head moves first, so that a reader who finds events gone finds the head behind them; and in a statement of its
 * own, since held through the removal it would hold up every append. Contents go after the events that have them.
 *
 * Looks behind the head only: before it, an index still holds what was removed since the last vacuum, and page after
 * page would read more of that. What a crash has left there goes when there is nothing else to trim.
 *
 * Nothing of it waits for the disk: each wait would be one for the appends too, which need the row of the head. What a
 * crash of the server forgets is trimmed again, and a head that it forgets, it forgets with the removals behind it.
 *
 * @returns how many events were removed
 */
export async function trimEvents(
  store: Store,
  upTo: number,
  limit: number,
): Promise<number> {
  const { knex } = store;
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
    return remove(store, 0, Math.min(Number(head), upTo));
  }
  const last = Number(oldest[oldest.length - 1]);
  await commitLater(store, trx =>
    trx('callboard_log')
      .where({ id: 1 })
      .where('head', '<', last)
      .update({ head: last }),
  );
  return remove(store, Number(head), last);
}

/** Removes what lies behind one position and up to another. */
async function remove(store: Store, from: number, to: number): Promise<number> {
  const removeFrom = (table: string) =>
    commitLater(store, trx =>
      trx(table)
        .where('position', '>', from)
        .where('position', '<=', to)
        .delete(),
    );
  const removed = await removeFrom('callboard_events');
  await removeFrom('callboard_contents');
  return removed;
}

function commitLater<T>(
  { knex, dialect }: Store,
  write: (trx: Knex.Transaction) => PromiseLike<T>,
): Promise<T> {
  return knex.transaction(async trx => {
    await dialect.endIfFrozen(trx);
    await dialect.commitLater(trx);
    return write(trx);
  });
}
