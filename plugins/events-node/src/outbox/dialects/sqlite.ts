import { hasRows } from '../operations/hasRows';
import type { OutboxDialect } from './OutboxDialect';

/** SQLite through better-sqlite3: one process, so one relay. */
export const sqlite: OutboxDialect = {
  // There are no other replicas.
  async lockMigrations() {},

  // No transaction: it would have the only connection, and whoever keeps the log may need it.
  takeTurn: async (knex, table, work) =>
    (await hasRows(knex, table))
      ? work({ connection: knex, holdWhile: promise => promise })
      : 'empty',
};
