import type { Knex } from 'knex';

/** Where PostgreSQL and SQLite differ in catching changes. */
export interface CaptureDialect {
  /** The present time by the clock of the database. */
  now: string;
  /** Makes the tables that the triggers need, apart from the outbox, where they are not there. */
  createTables: readonly string[];
  /** Removes those tables; does nothing where they are not there. */
  dropTables: readonly string[];
  /** Makes the triggers, in this order. */
  createTriggers: readonly string[];
  /** Removes the triggers, those of an earlier version too; does nothing where they are not there. */
  dropTriggers: readonly string[];
  /** Names of the triggers that `createTriggers` makes. */
  triggers: readonly string[];
  /** Names of those of our triggers that are there. */
  listTriggers(knex: Knex): Promise<string[]>;
  /**
   * Runs a transaction that makes or removes triggers, one replica at a time.
   *
   * @throws whatever `work` threw; at last, that somebody keeps the scaffolder's tables locked
   */
  changeTriggers<T>(
    knex: Knex,
    work: (trx: Knex.Transaction) => Promise<T>,
  ): Promise<T>;
}
