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
  const replicas: Knex[] = [];
  // Before the databases are made, so that it runs before they are dropped: PostgreSQL drops none that is in use.
  afterAll(() => Promise.all(replicas.map(knex => knex.destroy())));
  const databases = createTestDatabases();
  return {
    ids: databases.ids,
    /** A database without tables. */
    openEmpty: databases.open,
    /** A fresh store with all tables. */
    async open(id: StoreId): Promise<Store> {
      return openStore({
        database: mockServices.database({ knex: await databases.open(id) }),
        logger: mockServices.logger.mock(),
      });
    },
    /** The same store as another replica has it: with connections of its own, where the store can be shared. */
    openReplica(store: Store): Store {
      if (!store.dialect.shared) {
        return store;
      }
      const { client, connection } = store.knex.client.config;
      const knex = createKnex({ client, connection, pool: { min: 0, max: 5 } });
      replicas.push(knex);
      return { ...store, knex };
    },
  };
}
