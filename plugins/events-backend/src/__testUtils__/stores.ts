import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
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
  };
}
