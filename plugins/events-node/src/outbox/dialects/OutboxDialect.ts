import type { Knex } from 'knex';

/** A relay's turn: while it lasts, no other relay of the same outbox takes one. */
export interface Turn {
  /** What to read and write the outbox with. */
  connection: Knex;

  /** Waits for something that may take long, without losing the turn meanwhile. */
  holdWhile<T>(promise: Promise<T>): Promise<T>;
}

/** Where PostgreSQL and SQLite differ for an outbox. */
export interface OutboxDialect {
  /** Lets no other replica migrate the tables until the transaction ends. */
  lockMigrations(trx: Knex.Transaction, table: string): Promise<void>;

  /**
   * Takes a turn at relaying, if anything waits in the outbox.
   *
   * Turns only save work: relays that run side by side publish the same rows under the same ids.
   *
   * @param table - name of the outbox
   * @param work - done in the turn
   * @returns what the work returned, or why there was no turn: nothing waits, or another relay has it
   * @throws Error when the database says nothing for too long; the connection is not used again then
   */
  takeTurn<T extends object>(
    knex: Knex,
    table: string,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T | 'empty' | 'elsewhere'>;
}
