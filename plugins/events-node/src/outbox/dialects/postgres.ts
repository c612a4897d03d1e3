import type { Socket } from 'node:net';
import type { Knex } from 'knex';
import { hasRows } from '../operations/hasRows';
import type { OutboxDialect } from './OutboxDialect';

/** A relay that says nothing for this long has frozen; the server ends its turn, and another relay takes one. */
const frozenAfter = '10s';
/** How often, at least, a relay that waits for the log says that it is alive, in milliseconds. */
const longestSayAliveMs = 3_000;

/** A connection of the driver `pg`, as far as it is used here. */
interface PostgresConnection {
  connection: { stream: Socket };
}

/**
 * PostgreSQL, for one replica or many.
 *
 * @param silenceLimitMs - for how long nothing may go over the connection of a turn, in either direction, before it is
 *   given up; in milliseconds. As `events.store.timeLimit` by default.
 */
export function createPostgresDialect(silenceLimitMs = 30_000): OutboxDialect {
  const sayAliveMs = Math.min(longestSayAliveMs, silenceLimitMs / 3);
  return {
    async lockMigrations(trx, table) {
      await trx.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [
        `${table}_knex_migrations`,
      ]);
    },

    takeTurn: (knex, table, work) =>
      useConnection(knex, silenceLimitMs, async connection => {
        if (!(await hasRows(knex, table, connection))) {
          return 'empty';
        }
        return knex.transaction(
          async trx => {
            const { rows } = await trx.raw<{ rows: { taken: boolean }[] }>(
              // A crash of the server may bring back what was relayed; it is relayed again, under the same ids.
              `SELECT set_config('idle_in_transaction_session_timeout', ?, true),
                 set_config('synchronous_commit', 'off', true),
                 pg_try_advisory_xact_lock(
                   hashtext('callboard_outbox.relay'), ?::regclass::oid::int
                 ) AS taken`,
              [frozenAfter, table],
            );
            if (!rows[0].taken) {
              return 'elsewhere';
            }
            return work({
              connection: trx,
              holdWhile: promise => sayAliveWhile(trx, promise, sayAliveMs),
            });
          },
          // Each statement sees what was committed before it, and not only before the transaction.
          { isolationLevel: 'read committed', connection },
        );
      }),
  };
}

/**
 * Takes a connection out of the pool, and destroys its socket when nothing goes over it for too long.
 *
 * By the socket and not by a time limit for the turn: whatever waits for the connection fails then, `BEGIN` and `COMMIT`
 * too, the pool hands it out to nobody again, and a turn that is long because it has much to do is left alone.
 */
async function useConnection<T>(
  knex: Knex,
  silenceLimitMs: number,
  use: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  const connection: PostgresConnection = await knex.client.acquireConnection();
  const { stream } = connection.connection;
  const giveUp = () =>
    stream.destroy(
      new Error(
        `The database has not answered for ${silenceLimitMs} ms; the connection is given up`,
      ),
    );
  stream.setTimeout(silenceLimitMs, giveUp);
  try {
    return await use(connection);
  } finally {
    stream.setTimeout(0);
    stream.off('timeout', giveUp);
    await knex.client.releaseConnection(connection);
  }
}

async function sayAliveWhile<T>(
  trx: Knex.Transaction,
  promise: Promise<T>,
  sayAliveMs: number,
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
