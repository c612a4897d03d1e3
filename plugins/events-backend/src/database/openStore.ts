import {
  resolvePackagePath,
  type DatabaseService,
  type LoggerService,
} from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { Dialect } from './dialects/Dialect';
import { postgres } from './dialects/postgres';
import { sqlite } from './dialects/sqlite';

/** The store: a connection pool, and what is particular about the database behind it. */
export interface Store {
  knex: Knex;
  dialect: Dialect;
}

const dialects: Record<string, Dialect> = {
  pg: postgres,
  'better-sqlite3': sqlite,
};

/**
 * Opens the database of the events plugin and brings its tables up to date.
 *
 * @param options.database - of the plugin `events`
 * @returns the store
 * @throws Error for a database other than PostgreSQL and SQLite
 */
export async function openStore(options: {
  database: DatabaseService;
  logger: LoggerService;
  /** How long the database may take to answer one statement, migrations aside, in milliseconds. */
  timeLimitMs: number;
}): Promise<Store> {
  const { database, logger, timeLimitMs } = options;
  const knex = await database.getClient();
  const client = String(knex.client.config.client);
  const dialect = dialects[client];
  if (!dialect) {
    throw new Error(
      `Callboard keeps events in PostgreSQL or SQLite, but the database of plugin 'events' is '${client}'. Set backend.database.plugin.events.client to 'pg' or 'better-sqlite3'.`,
    );
  }
  // Errors are logged, and knex writes the statement into them: as it is, and not with whole payloads in it.
  knex.client.config.compileSqlOnError = false;
  if (!database.migrations?.skip) {
    await migrate({ knex, dialect });
  }
  dialect.giveUpSilentConnections(knex, timeLimitMs);
  const weakness = await dialect.findWeakness(knex);
  if (weakness) {
    logger.warn(weakness);
  }
  return { knex, dialect };
}

/**
 * Brings the tables up to date, in one transaction: a replica that starts meanwhile waits, where knex alone would let it
 * fail, and a process that is killed leaves no lock behind, which knex would wait to be told to release.
 */
async function migrate({ knex, dialect }: Store): Promise<void> {
  await knex.transaction(async trx => {
    await dialect.endIfFrozen(trx);
    await dialect.lockMigrations(trx);
    await trx.migrate.latest({
      directory: resolvePackagePath(
        '@callboard/backstage-plugin-events-backend',
        'migrations',
      ),
      // The stock plugin's own migrations may stand in the same database.
      tableName: 'callboard_knex_migrations',
    });
  });
}
