import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { openStore, type Store } from '../database';

/** The databases that every promise is tested on. */
export type StoreId = 'SQLITE_FILE' | 'POSTGRES_15';

const postgresVariable = 'BACKSTAGE_TEST_DATABASE_POSTGRES15_CONNECTION_STRING';

/**
 * Makes stores for the tests of one file, and removes them after the last.
 *
 * @example
 * ```ts
 * const stores = createTestStores();
 * describe.each(stores.ids)('the log on %s', id => {
 *   it('…', async () => {
 *     const store = await stores.open(id);
 * ```
 */
export function createTestStores() {
  const hasPostgres = Boolean(process.env[postgresVariable]);
  if (!hasPostgres && process.env.CI) {
    throw new Error(`CI must test on PostgreSQL: set ${postgresVariable}`);
  }
  const databases = TestDatabases.create({ ids: ['POSTGRES_15'] });
  const opened: Knex[] = [];
  const directories: string[] = [];

  afterAll(async () => {
    await Promise.all(opened.map(knex => knex.destroy()));
    directories.forEach(directory => rmSync(directory, { recursive: true }));
  });

  /** A database without tables; a file in the case of SQLite. */
  async function openEmpty(id: StoreId): Promise<Knex> {
    if (id === 'POSTGRES_15') {
      return databases.init(id);
    }
    const directory = mkdtempSync(join(tmpdir(), 'callboard-test-'));
    directories.push(directory);
    const knex = createKnex({
      client: 'better-sqlite3',
      connection: { filename: join(directory, 'events.sqlite') },
      useNullAsDefault: true,
    });
    opened.push(knex);
    return knex;
  }

  return {
    ids: (hasPostgres
      ? ['SQLITE_FILE', 'POSTGRES_15']
      : ['SQLITE_FILE']) satisfies StoreId[] as StoreId[],
    openEmpty,
    /** A fresh store with all tables. */
    async open(id: StoreId): Promise<Store> {
      const knex = await openEmpty(id);
      return openStore({
        database: mockServices.database({ knex }),
        logger: mockServices.logger.mock(),
      });
    },
  };
}
