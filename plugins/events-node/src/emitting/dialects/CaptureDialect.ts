import type { Knex } from 'knex';

/** Where PostgreSQL and SQLite differ in catching changes of one plugin. */
export interface CaptureDialect {
  /** The present time by the clock of the database. */
  now: string;
  /** Makes the tables that the triggers need, apart from the outbox, where they are not there. */
  createTables: readonly string[];
  /** Types of the columns of the emitter table, each of which is added where it is not there. */
  emitterColumns: Readonly<Record<string, string>>;
  /** Removes those tables; does nothing where they are not there. */
  dropTables: readonly string[];
  /** The schema in which names without one are found, as it is written in a statement. */
  findSchema(knex: Knex): Promise<string>;
  /** Makes the functions of the triggers, which write to the tables of a schema, or gives them another body. */
  renewFunctions(schema: string): readonly string[];
  /** Makes each trigger, by its name. */
  createTriggers: ReadonlyMap<string, string>;
  /** Removes the functions; does nothing where they are not there. */
  dropFunctions: readonly string[];
  /** Names of the triggers that are there and are ours, those of other versions too; none that is disabled. */
  listTriggers(knex: Knex): Promise<string[]>;
  /** Lets no statement of the transaction wait for a lock for long. */
  boundLocks(trx: Knex.Transaction): Promise<void>;
  /** Whether a statement waited for a lock for too long. */
  isLockTimeout(error: unknown): boolean;
  /** Lets no other replica change the triggers until the transaction ends. */
  lockTriggers(trx: Knex.Transaction): Promise<void>;
}
