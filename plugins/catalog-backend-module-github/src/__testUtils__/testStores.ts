import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import {
  addProvider,
  openGithubStore,
  type Fence,
  type GithubStore,
} from '../repositories';

/** Whose rows are looked at, and of whom others are. */
export const provider = 'github-provider:mine';
export const otherProvider = 'github-provider:other';

/** For those who need no lease, since nobody else is there. */
export const unfenced: Fence = async () => {};

/** Stores with two providers, for the tests of one file. */
export function createTestStores(): {
  ids: TestDatabaseId[];
  open(id: TestDatabaseId): Promise<GithubStore>;
} {
  const databases = createTestDatabases();
  return {
    ids: databases.ids,
    async open(id) {
      const knex = await databases.open(id);
      const store = await openGithubStore(mockServices.database({ knex }));
      await addProvider(store, provider);
      await addProvider(store, otherProvider);
      return store;
    },
  };
}
