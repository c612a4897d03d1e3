import type { Store } from '../../database';

/** Two bindings each; SQLite takes 32,766 in one statement. */
const subscriptionsPerStatement = 500;

/**
 * Moves the cursors of subscriptions over events that none of them wants, so that they neither hold the log nor seem to
 * be behind. Each only if it still has the wish under which that was seen: whoever changes what it wants changes the wish
 * behind the lock on its row.
 *
 * None is moved beyond the end of the log, which may have been lost since: what comes to stand there is other events.
 *
 * Cursors never go back, so one that another reader has moved further stays. Nobody waits for the disk: a move that a crash
 * forgets is made again.
 */
export async function moveCursors(
  { knex, dialect }: Store,
  passed: readonly { id: string; wish: string }[],
  position: number,
): Promise<void> {
  for (
    let first = 0;
    first < passed.length;
    first += subscriptionsPerStatement
  ) {
    const some = passed.slice(first, first + subscriptionsPerStatement);
    await knex.transaction(async trx => {
      await dialect.commitLater(trx);
      await trx('callboard_subscriptions')
        .whereIn(
          ['id', 'wish'],
          some.map(({ id, wish }) => [id, wish]),
        )
        .where('cursor', '<', position)
        .whereExists(
          trx('callboard_log')
            .where({ id: 1 })
            .where('tail', '>=', position)
            .select(trx.raw('1')),
        )
        .update({ cursor: position, heartbeat_at: trx.raw(dialect.nowMs) });
    });
  }
}
