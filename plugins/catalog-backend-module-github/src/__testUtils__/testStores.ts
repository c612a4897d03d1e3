import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Hint } from '../hints';
import {
  addProvider,
  openGithubStore,
  type Fence,
  type GithubStore,
  type NewHint,
  type RepositoryState,
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

/** A hint at the repository `acme/<name>`. */
export function makeHint(name: string, changes: Partial<Hint> = {}): Hint {
  return {
    nodeId: `R_${name}`,
    owner: 'acme',
    fullName: `acme/${name}`,
    saysGone: false,
    ...changes,
  };
}

export function makeNewHint(
  name: string,
  dueAtMs: number,
  changes: Partial<Hint> = {},
): NewHint {
  return { cause: 'event', hint: makeHint(name, changes), dueAtMs };
}

/** What is known of `acme/<name>`. */
export function makeState(
  name: string,
  changes: Partial<RepositoryState> = {},
): RepositoryState {
  return {
    owner: 'acme',
    name,
    url: `https://github.com/acme/${name}`,
    isArchived: false,
    isFork: false,
    visibility: 'public',
    topics: ['docs'],
    defaultBranch: 'main',
    head: 'a',
    file: { oid: 'file 1', isEmpty: false },
    pushedAtMs: 1_000,
    updatedAtMs: 2_000,
    ...changes,
  };
}
