import type { DatabaseService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import { migrate } from './migrations';

/** The tables of the module, and the clock that leases go by. */
export interface GithubStore {
  knex: Knex;
  /** SQL expression: the clock of the store, in milliseconds since the epoch. */
  nowMs: string;
}

/** SQLite is used by one process, whose clock it has. */
const clocks: Record<string, string> = {
  pg: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  'better-sqlite3': `CAST(unixepoch('subsec') * 1000 AS INTEGER)`,
};

/**
 * Opens the tables in the database of the catalog, and brings them up to date unless migrations are to be skipped.
 *
 * @throws Error for a database other than PostgreSQL and SQLite
 */
export async function openGithubStore(
  database: DatabaseService,
): Promise<GithubStore> {
  const knex = await database.getClient();
  const client = String(knex.client.config.client);
  const nowMs: string | undefined = clocks[client];
  if (!nowMs) {
    throw new Error(
      `The GitHub module of Callboard needs PostgreSQL or SQLite, but the database of the catalog is '${client}'. Set backend.database.client to 'pg' or 'better-sqlite3'.`,
    );
  }
  if (!database.migrations?.skip) {
    await migrate(knex);
  }
  if (client === 'better-sqlite3') {
    // One process uses it, and it has only just begun: whoever held a lease is dead.
    await knex('callboard_github_providers').update({
      ticket: null,
      lease_until_ms: null,
    });
  }
  return { knex, nowMs };
}
