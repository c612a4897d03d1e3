import type { Knex } from 'knex';

/** Where PostgreSQL and SQLite differ in catching changes. */
export interface CaptureDialect {
  /** Type of a column with a time, and the present time by the clock of the database. */
  timeType: string;
  now: string;
  /** Makes triggers and what they need, in this order. */
  createStatements: readonly string[];
  /** Removes all of that, and what an earlier version made; does nothing where it is not there. */
  dropStatements: readonly string[];
  /** Names of the triggers that `createStatements` makes. */
  triggers: readonly string[];
  /** Lets no statement of the transaction wait for a lock for long. */
  boundLocks(trx: Knex.Transaction): Promise<void>;
  /** Whether a statement waited for a lock for too long. */
  isLockTimeout(error: unknown): boolean;
  /** Lets no other replica change the triggers until the transaction ends. */
  lockTriggers(trx: Knex.Transaction): Promise<void>;
  /** Lets nobody change the rows of a query until its transaction ends. */
  lockRows(query: Knex.QueryBuilder): void;
  /** Names of those of our triggers that are there. */
  listTriggers(knex: Knex): Promise<string[]>;
}
