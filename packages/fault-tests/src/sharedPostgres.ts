import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import type { PostgresConnection } from './ReplicaProcess';

/** A database that replicas share. */
export interface SharedDatabase {
  connection: PostgresConnection;
  /** For the test to look in; the tables are in the schema `events`. */
  knex: Knex;
}

/**
 * Like `describe`, for tests of several replicas: they need PostgreSQL. Skipped where there is none, except in CI, where
 * that is an error.
 *
 * @param define - is given what opens a new, empty database
 */
export function describeOnPostgres(
  name: string,
  define: (openDatabase: () => Promise<SharedDatabase>) => void,
): void {
  const databases = createTestDatabases();
  const describeIfThere = databases.ids.includes('POSTGRES_15')
    ? describe
    : describe.skip;
  describeIfThere(name, () =>
    define(async () => {
      const knex = await databases.open('POSTGRES_15');
      const { host, port, user, password, database } =
        knex.client.config.connection;
      return {
        knex,
        connection: { host, port: Number(port), user, password, database },
      };
    }),
  );
}
