import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestDatabases } from '@backstage/backend-test-utils';
import createKnex, { type Knex } from 'knex';

/**
 * The databases that every promise is tested on.
 *
 * @public
 */
export type TestDatabaseId = 'SQLITE_FILE' | 'POSTGRES_15';

const postgresVariable = 'BACKSTAGE_TEST_DATABASE_POSTGRES15_CONNECTION_STRING';

/**
 * Makes databases for the tests of one file, and removes them after the last.
 *
 * @remarks
 * PostgreSQL is the server that the environment variable
 * `BACKSTAGE_TEST_DATABASE_POSTGRES15_CONNECTION_STRING` names. Without it only SQLite is tested, except in CI, where
 * that is an error. SQLite is a file, because a database in memory hides what a file does.
 *
 * @public
 */
export function createTestDatabases(): {
  /** For `describe.each`. */
  ids: TestDatabaseId[];
  /** Opens a new, empty database. */
  open(id: TestDatabaseId): Promise<Knex>;
} {
  const hasPostgres = Boolean(process.env[postgresVariable]);
  if (!hasPostgres && process.env.CI) {
    throw new Error(`CI must test on PostgreSQL: set ${postgresVariable}`);
  }
  const servers = TestDatabases.create({ ids: ['POSTGRES_15'] });
  const files: Knex[] = [];
  const directories: string[] = [];

  afterAll(async () => {
    await Promise.all(files.map(knex => knex.destroy()));
    directories.forEach(directory => rmSync(directory, { recursive: true }));
  });

  return {
    ids: hasPostgres ? ['SQLITE_FILE', 'POSTGRES_15'] : ['SQLITE_FILE'],
    async open(id) {
      if (id === 'POSTGRES_15') {
        return servers.init(id);
      }
      const directory = mkdtempSync(join(tmpdir(), 'callboard-test-'));
      directories.push(directory);
      const knex = createKnex({
        client: 'better-sqlite3',
        connection: { filename: join(directory, 'events.sqlite') },
        useNullAsDefault: true,
      });
      files.push(knex);
      return knex;
    },
  };
}
