import type { Knex } from 'knex';
import { withTimeLimit } from '@callboard/backstage-plugin-events-node/bus';
import { nameChannel } from './notification';

/** What is used of a connection of the driver that knex uses. */
interface DriverConnection {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(
    event: 'notification',
    listener: (message: { payload?: string }) => void,
  ): unknown;
  unref(): void;
  end(): Promise<void>;
}

/** How long to say good-bye to a server that may be gone, in milliseconds. */
const endLimitMs = 1_000;

/**
 * The connection cannot hear notifications, and another one would not either.
 */
export class DeafConnectionError extends Error {
  constructor() {
    super(
      'The connection to PostgreSQL does not stay with one session, as behind a pooler in transaction mode, so LISTEN does not work',
    );
    this.name = 'DeafConnectionError';
  }
}

/**
 * A connection of PostgreSQL that LISTENs, outside of knex' pool, which would hand it to others.
 *
 * @remarks
 * The driver does one thing after the other: whoever uses the connection waits for an answer before the next question.
 */
export class ListeningConnection {
  readonly #connection: DriverConnection;
  readonly #channel: string;
  readonly #pid: number;
  readonly #answerLimitMs: number;
  #failure: Error | undefined;

  private constructor(options: {
    connection: DriverConnection;
    channel: string;
    pid: number;
    answerLimitMs: number;
    onNotification: (payload: string) => void;
    onFailure: () => void;
  }) {
    const { connection, onNotification, onFailure } = options;
    this.#connection = connection;
    this.#channel = options.channel;
    this.#pid = options.pid;
    this.#answerLimitMs = options.answerLimitMs;
    const fail = (error: Error) => {
      this.#failure ??= error;
      onFailure();
    };
    connection.on('error', fail);
    connection.on('end', () => fail(new Error('The connection ended')));
    connection.on('notification', ({ payload }) =>
      onNotification(payload ?? ''),
    );
  }

  /**
   * Connects as knex' pool does, and LISTENs on the channel of the schema that it works in.
   *
   * Credentials that expire, as those of cloud providers do, are renewed by the pool whenever it hands out a connection;
   * readers look every few seconds, so those that knex holds are never old.
   *
   * @param options.connectLimitMs - how long connecting may take, in milliseconds
   * @param options.answerLimitMs - how long an answer of the server may take, in milliseconds
   * @param options.onNotification - called with the payload of each notification, of this connection too
   * @param options.onFailure - called when the connection is lost
   * @throws DeafConnectionError behind a pooler in transaction mode
   */
  static async open(options: {
    knex: Knex;
    connectLimitMs: number;
    answerLimitMs: number;
    onNotification: (payload: string) => void;
    onFailure: () => void;
  }): Promise<ListeningConnection> {
    const { knex, connectLimitMs, answerLimitMs } = options;
    const connecting: Promise<DriverConnection> =
      knex.client.acquireRawConnection();
    const timeUp = () =>
      new Error(`Connecting to PostgreSQL took more than ${connectLimitMs} ms`);
    let connection: DriverConnection;
    try {
      connection = await withTimeLimit(connecting, connectLimitMs, timeUp);
    } catch (error) {
      // One that comes too late must not stay open.
      connecting.then(end).catch(() => {});
      throw error;
    }
    // A listener alone must not keep the process alive.
    connection.unref();
    try {
      const { rows } = await withTimeLimit(
        connection.query(
          'SELECT pg_backend_pid() AS pid, current_schema() AS schema',
        ),
        answerLimitMs,
        timeUp,
      );
      const listening = new ListeningConnection({
        ...options,
        connection,
        channel: nameChannel(String(rows[0].schema)),
        pid: Number(rows[0].pid),
      });
      await listening.#ask(`LISTEN ${listening.#channel}`);
      await listening.check();
      return listening;
    } catch (error) {
      await end(connection);
      throw error;
    }
  }

  /** Fails when the connection was lost. */
  throwIfLost(): void {
    if (this.#failure) {
      throw this.#failure;
    }
  }

  /** Sends a notification to everybody who LISTENs on the channel. */
  async notify(payload: string): Promise<void> {
    await this.#ask('SELECT pg_notify($1, $2)', [this.#channel, payload]);
  }

  /**
   * Makes sure that the server still answers, and still sends what it is notified of.
   *
   * @throws DeafConnectionError when another session of the server answers, or the session does not LISTEN
   */
  async check(): Promise<void> {
    const rows = await this.#ask(
      `SELECT pg_backend_pid() = $1
         AND $2 IN (SELECT pg_listening_channels()) AS listening`,
      [this.#pid, this.#channel],
    );
    if (rows[0].listening !== true) {
      throw new DeafConnectionError();
    }
  }

  async close(): Promise<void> {
    await end(this.#connection);
  }

  async #ask(
    text: string,
    values?: unknown[],
  ): Promise<Record<string, unknown>[]> {
    const { rows } = await withTimeLimit(
      this.#connection.query(text, values),
      this.#answerLimitMs,
      () =>
        new Error(
          `PostgreSQL did not answer within ${
            this.#answerLimitMs
          } ms; the connection may have been cut silently`,
        ),
    );
    return rows;
  }
}

/** Ends a connection, which may be broken already. */
async function end(connection: DriverConnection): Promise<void> {
  await withTimeLimit(
    connection.end(),
    endLimitMs,
    () => new Error('The server said no good-bye'),
  ).catch(() => {});
}
