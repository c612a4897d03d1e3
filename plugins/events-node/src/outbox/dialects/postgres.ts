import type { Knex } from 'knex';
import type { OutboxDialect } from './OutboxDialect';

/** A relay that says nothing for this long has frozen; the server ends its turn, and another relay takes one. */
const frozenAfter = '10s';
/** How often a relay that waits for the log says that it is alive, in milliseconds. */
const sayAliveMs = 3_000;

/** PostgreSQL, for one replica or many. */
export const postgres: OutboxDialect = {
  async lockMigrations(trx) {
    await trx.raw(
      "SELECT pg_advisory_xact_lock(hashtext('callboard_outbox_knex_migrations'))",
    );
  },

  takeTurn: (knex, work) =>
    knex.transaction(
      async trx => {
        const { rows } = await trx.raw<{ rows: { taken: boolean }[] }>(
          `SELECT set_config('idle_in_transaction_session_timeout', ?, true),
             pg_try_advisory_xact_lock(
               hashtext('callboard_outbox.relay'), 'callboard_outbox'::regclass::oid::int
             ) AS taken`,
          [frozenAfter],
        );
        if (!rows[0].taken) {
          return undefined;
        }
        return work({
          connection: trx,
          holdWhile: promise => sayAliveWhile(trx, promise),
        });
      },
      // Each statement sees what was committed before it, and not only before the transaction.
      { isolationLevel: 'read committed' },
    ),
};

async function sayAliveWhile<T>(
  trx: Knex.Transaction,
  promise: Promise<T>,
): Promise<T> {
  const ended = promise.then(
    () => true,
    () => true,
  );
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<false>(resolve => {
      timer = setTimeout(() => resolve(false), sayAliveMs);
    });
    const isOver = await Promise.race([ended, time]);
    clearTimeout(timer);
    if (isOver) {
      return promise;
    }
    // If the turn is lost all the same, the next statement says so.
    await trx.raw('SELECT 1').catch(() => {});
  }
}
