import { randomUUID } from 'node:crypto';
import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { openStore, type Store } from '../database';

export type StoreId = TestDatabaseId;

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
  const opened: Knex[] = [];
  const close = () =>
    Promise.all(opened.splice(0).map(knex => knex.destroy())).then(() => {});
  // Before the databases are made, so that it runs before they are dropped: PostgreSQL drops none that is in use.
  afterAll(close);
  const databases = createTestDatabases();
  let shared: Promise<Knex> | undefined;

  function connect(
    { client }: Knex,
    options: { name?: string; schema?: string } = {},
  ): Knex {
    const { connection, searchPath, ...config } = client.config;
    const { name = connection.application_name, schema } = options;
    const knex = createKnex({
      client: config.client,
      useNullAsDefault: config.useNullAsDefault,
      // Knex hides the password from enumeration.
      connection: {
        ...connection,
        password: connection.password,
        application_name: name,
      },
      searchPath: schema ? [schema] : searchPath,
      // PostgreSQL has a hundred connections for all files that run at once.
      pool: {
        min: 0,
        max: 5,
        idleTimeoutMillis: 1_000,
        reapIntervalMillis: 250,
      },
    });
    opened.push(knex);
    return knex;
  }

  function openOn(knex: Knex): Promise<Store> {
    return openStore({
      database: mockServices.database({ knex }),
      logger: mockServices.logger.mock(),
      // Tests fill tables with statements that no caller makes.
      timeLimitMs: 300_000,
    });
  }

  return {
    ids: databases.ids,
    /** A database without tables. */
    openEmpty: databases.open,
    /** A fresh store with all tables. */
    async open(id: StoreId): Promise<Store> {
      return openOn(await databases.open(id));
    },
    /**
     * A fresh store with all tables; on PostgreSQL in a schema of its own, as Backstage has it with
     * `pluginDivisionMode: schema`. To make and drop a schema is so much faster than a database that many tests can
     * each have one.
     */
    async openInSchema(id: StoreId): Promise<Store> {
      if (id === 'SQLITE_FILE') {
        return openOn(await databases.open(id));
      }
      shared ??= databases.open(id);
      const knex = await shared;
      const schema = `plugin-${randomUUID()}`;
      await knex.raw('CREATE SCHEMA ??', [schema]);
      return openOn(connect(knex, { schema }));
    },
    /**
     * The same store as another replica has it: with connections of its own, where the store can be shared.
     *
     * @param name - what the server calls these connections
     */
    openReplica(store: Store, name?: string): Store {
      return store.dialect.shared
        ? { ...store, knex: connect(store.knex, { name }) }
        : store;
    },
    /** The same store as the next process has it; the one that is given is closed. */
    async reopen({ knex }: Store): Promise<Store> {
      await knex.destroy();
      return openOn(connect(knex));
    },
    /** Closes what was opened beside the databases; done after the last test anyway, but many tests open much. */
    close,
  };
}
