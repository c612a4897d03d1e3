import type { DatabaseService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { OutboxDialect } from './dialects/OutboxDialect';
import { createPostgresDialect } from './dialects/postgres';
import { sqlite } from './dialects/sqlite';
import { createMigrationSource } from './migrations';

/** The database that an outbox is in, and what is particular about it. */
export interface OutboxStore {
  knex: Knex;
  /** What waits is in this table; what was refused in the one with `_refused` behind its name. */
  table: string;
  dialect: OutboxDialect;
}

/** The outbox that a plugin and its modules share. */
export const defaultTable = 'callboard_outbox';

const dialects: Record<string, OutboxDialect> = {
  pg: createPostgresDialect(),
  'better-sqlite3': sqlite,
};

/**
 * Opens the outbox in a plugin's database and brings its tables up to date.
 *
 * @param table - its name, of small letters and underscores
 * @throws Error for a database other than PostgreSQL and SQLite
 */
export async function openOutbox(
  database: DatabaseService,
  table: string = defaultTable,
): Promise<OutboxStore> {
  const store = await findStore(database, table);
  if (!database.migrations?.skip) {
    await migrate(store, (trx, options) => trx.migrate.latest(options));
  }
  return store;
}

/** Removes the tables of an outbox, and what remembers their migrations. */
export async function dropOutbox(
  database: DatabaseService,
  table: string = defaultTable,
): Promise<void> {
  const store = await findStore(database, table);
  await migrate(store, async (trx, options) => {
    if (await trx.schema.hasTable(options.tableName)) {
      await trx.migrate.rollback(options, true);
      await trx.schema.dropTable(options.tableName);
      await trx.schema.dropTable(`${options.tableName}_lock`);
    }
  });
}

async function findStore(
  database: DatabaseService,
  table: string,
): Promise<OutboxStore> {
  if (!/^[a-z_]{1,40}$/.test(table)) {
    throw new Error(
      `The name of an outbox has at most 40 small letters and underscores, got '${table}'`,
    );
  }
  const knex = await database.getClient();
  const client = String(knex.client.config.client);
  const dialect = dialects[client];
  if (!dialect) {
    throw new Error(
      `An outbox needs PostgreSQL or SQLite, but the database of this plugin is '${client}'. Set backend.database.client, or that of the plugin, to 'pg' or 'better-sqlite3'.`,
    );
  }
  return { knex, table, dialect };
}

/** In one transaction: a replica that starts meanwhile waits, and a process that is killed leaves no lock behind. */
async function migrate(
  { knex, table, dialect }: OutboxStore,
  run: (
    trx: Knex.Transaction,
    options: Knex.MigratorConfig & { tableName: string },
  ) => Promise<unknown>,
): Promise<void> {
  await knex.transaction(async trx => {
    await dialect.lockMigrations(trx, table);
    await run(trx, {
      migrationSource: createMigrationSource(table),
      tableName: `${table}_knex_migrations`,
    });
  });
}
