import type { Knex } from 'knex';

/**
 * Where PostgreSQL and SQLite differ. Everything else is one text of SQL for both.
 */
export interface Dialect {
  /** What the database is called. */
  name: 'postgres' | 'sqlite';

  /** SQL expression: the store's clock, in milliseconds since the epoch. Leases and due times go by it. */
  nowMs: string;

  /** SQL function: the larger of two values. */
  greatest: string;

  /** The most bindings that one statement may have. */
  maxBindings: number;

  /**
   * Whether the store keeps functions, so that a whole append is one statement, and so is a claim or a settlement with
   * nothing to decide.
   */
  hasFunctions: boolean;

  /** Whether other processes may use the same store. */
  shared: boolean;

  /**
   * Makes sure that a commit is on disk when it returns. Called before a transaction that must be durable.
   */
  makeDurable(knex: Knex): Promise<void>;

  /**
   * Lets the commit of a transaction not wait for the disk. A crash of the server may forget the last of such commits,
   * but none that comes before one it remembers.
   */
  commitLater(trx: Knex.Transaction): Promise<void>;

  /**
   * Bounds how long others may wait for what a transaction locks from now on: if this process freezes in the middle of
   * it, the server ends it.
   */
  endIfFrozen(trx: Knex.Transaction): Promise<void>;

  /**
   * Gives up connections that take a statement and answer nothing. Without it, one that a firewall forgot, or whose
   * server froze, would keep whoever uses it waiting for as long as TCP is patient, which may be for ever.
   *
   * @param afterMs - how long an answer may take, in milliseconds; the statement fails then, and may be tried again
   */
  giveUpSilentConnections(knex: Knex, afterMs: number): void;

  /**
   * Lets no other replica migrate the tables until the transaction ends.
   */
  lockMigrations(trx: Knex.Transaction): Promise<void>;

  /**
   * What in the server's settings weakens a promise, for a warning at start.
   *
   * @returns a sentence that names the setting and the remedy, or undefined
   */
  findWeakness(knex: Knex): Promise<string | undefined>;

  /**
   * Locks the row of one subscription until the transaction ends. Serialises claims and settlements. Goes with
   * `endIfFrozen`, in one round trip.
   */
  lockSubscription(trx: Knex.Transaction, id: string): Promise<void>;

  /**
   * Whether an error says that the store is away or busy for now, so that the same call may succeed later.
   */
  isUnavailable(error: unknown): boolean;
}
