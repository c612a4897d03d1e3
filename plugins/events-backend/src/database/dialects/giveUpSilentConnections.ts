import type { Socket } from 'node:net';
import type { Knex } from 'knex';

/** A connection of the driver `pg`, as far as it is used here. */
interface PostgresConnection {
  connection: { stream: Socket };
}

/** The connection pool of knex, as far as it is used here. */
interface ConnectionPool {
  on(
    event: 'acquireSuccess',
    listener: (eventId: number, connection: PostgresConnection) => void,
  ): void;
  on(
    event: 'release',
    listener: (connection: PostgresConnection) => void,
  ): void;
}

/**
 * Destroys the socket of a connection that is in use and over which nothing goes for a while, in either direction.
 *
 * By the socket and not by a time limit of knex or `pg`: theirs do not cover `BEGIN` and `COMMIT`, or leave the silent
 * connection in the pool, where it is handed out again.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/net.html#socketsettimeouttimeout-callback
 */
export function giveUpSilentConnections(knex: Knex, afterMs: number): void {
  const pool: ConnectionPool = knex.client.pool;
  const watched = new WeakSet<Socket>();
  pool.on('acquireSuccess', (_, { connection: { stream } }) => {
    if (!watched.has(stream)) {
      watched.add(stream);
      stream.on('timeout', () =>
        stream.destroy(new SilentConnectionError(afterMs)),
      );
    }
    stream.setTimeout(afterMs);
  });
  pool.on('release', ({ connection: { stream } }) => {
    stream.setTimeout(0);
  });
}

class SilentConnectionError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(afterMs: number) {
    super(
      `The events database has not answered for ${afterMs} ms; the connection is given up (events.store.timeLimit)`,
    );
    this.name = 'SilentConnectionError';
  }
}
