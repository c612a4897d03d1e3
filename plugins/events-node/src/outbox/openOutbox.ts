import type { DatabaseService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { OutboxDialect } from './dialects/OutboxDialect';
import { createPostgresDialect } from './dialects/postgres';
import { sqlite } from './dialects/sqlite';
import { migrationSource } from './migrations';

/** The database that an outbox is in, and what is particular about it. */
export interface OutboxStore {
  knex: Knex;
  dialect: OutboxDialect;
}

const dialects: Record<string, OutboxDialect> = {
  pg: createPostgresDialect(),
  'better-sqlite3': sqlite,
};

/**
 * Opens the outbox in a plugin's database and brings its tables up to date.
 *
 * @throws Error for a database other than PostgreSQL and SQLite
 */
export async function openOutbox(
  database: DatabaseService,
): Promise<OutboxStore> {
  const knex = await database.getClient();
  const client = String(knex.client.config.client);
  const dialect = dialects[client];
  if (!dialect) {
    throw new Error(
      `An outbox needs PostgreSQL or SQLite, but the database of this plugin is '${client}'. Set backend.database.client, or that of the plugin, to 'pg' or 'better-sqlite3'.`,
    );
  }
  if (!database.migrations?.skip) {
    // In one transaction: a replica that starts meanwhile waits, and a process that is killed leaves no lock behind.
    await knex.transaction(async trx => {
      await dialect.lockMigrations(trx);
      await trx.migrate.latest({
        migrationSource,
        tableName: 'callboard_outbox_knex_migrations',
      });
    });
  }
  return { knex, dialect };
}
