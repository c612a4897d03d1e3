import type { DatabaseService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { OutboxDialect } from './dialects/OutboxDialect';
import { createPostgresDialect } from './dialects/postgres';
import { sqlite } from './dialects/sqlite';
import { createMigrationSource } from './migrations';
import { sharedOutbox, type OutboxTable } from './OutboxTable';

/** The database that an outbox is in, and what is particular about it. */
export interface OutboxStore {
  knex: Knex;
  table: string;
  dialect: OutboxDialect;
}

const dialects: Record<string, OutboxDialect> = {
  pg: createPostgresDialect(),
  'better-sqlite3': sqlite,
};

/**
 * Opens the outbox in a plugin's database and brings its tables up to date.
 *
 * @param outbox - with a name of small letters and underscores
 * @throws Error for a database other than PostgreSQL and SQLite
 */
export async function openOutbox(
  database: DatabaseService,
  outbox: OutboxTable = sharedOutbox,
): Promise<OutboxStore> {
  const store = await findStore(database, outbox);
  if (!database.migrations?.skip) {
    await migrate(store, outbox, (trx, options) => trx.migrate.latest(options));
  }
  return store;
}

/** Removes the tables of an outbox, and what remembers their migrations. */
export async function dropOutbox(
  database: DatabaseService,
  outbox: OutboxTable = sharedOutbox,
): Promise<void> {
  const store = await findStore(database, outbox);
  await migrate(store, outbox, async (trx, options) => {
    if (await trx.schema.hasTable(options.tableName)) {
      await trx.migrate.rollback(options, true);
      await trx.schema.dropTable(options.tableName);
      await trx.schema.dropTable(`${options.tableName}_lock`);
    }
  });
}

async function findStore(
  database: DatabaseService,
  { table }: OutboxTable,
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
  outbox: OutboxTable,
  run: (
    trx: Knex.Transaction,
    options: Knex.MigratorConfig & { tableName: string },
  ) => Promise<unknown>,
): Promise<void> {
  await knex.transaction(async trx => {
    await dialect.lockMigrations(trx, table);
    await run(trx, {
      migrationSource: createMigrationSource(outbox),
      tableName: `${table}_knex_migrations`,
    });
  });
}
