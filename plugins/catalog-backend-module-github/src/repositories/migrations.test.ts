import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { makeNewHint, makeState } from '../__testUtils__/fixtures';
import { provider, unfenced } from '../__testUtils__/testStores';
import { openGithubStore } from './GithubStore';
import { migrationSource, migrationTable } from './migrations';
import { insertHints } from './operations/insertHints';
import { acquireLease, addProvider } from './operations/leases';
import { planLocations } from './operations/planLocations';
import { noteLookedUntil } from './operations/scans';
import { settleRepositories } from './operations/settleRepositories';

const databases = createTestDatabases();

const open = (knex: Knex) => openGithubStore(mockServices.database({ knex }));

async function listTables(knex: Knex, id: TestDatabaseId): Promise<string[]> {
  const tables: string[] =
    id === 'SQLITE_FILE'
      ? await knex('sqlite_master').where('type', 'table').pluck('name')
      : await knex('pg_tables')
          .where('schemaname', 'public')
          .pluck('tablename');
  return tables
    .filter(name => name.startsWith('callboard_github_'))
    .filter(name => !name.startsWith(migrationTable))
    .sort();
}

const tables = [
  'hints',
  'locations',
  'owners',
  'providers',
  'repositories',
].map(name => `callboard_github_${name}`);

describe.each(databases.ids)('the tables on %s', id => {
  it('come and go, whatever is in them', async () => {
    const knex = await databases.open(id);
    const store = await open(knex);
    expect(await listTables(knex, id)).toEqual(tables);

    await addProvider(store, provider);
    await noteLookedUntil(store, provider, 'acme', 1);
    await insertHints(store, provider, [makeNewHint('site', 1)], 1);
    await planLocations(
      store,
      provider,
      [{ nodeId: 'R_site', target: 'a', state: 'held' }],
      unfenced,
    );
    await settleRepositories(
      store,
      provider,
      [
        {
          nodeId: 'R_site',
          state: makeState('site'),
          explanation: '',
          listing: undefined,
          hintIds: [],
          outcome: '',
        },
      ],
      1,
      unfenced,
    );
    await knex.migrate.rollback(
      { migrationSource, tableName: migrationTable },
      true,
    );
    expect(await listTables(knex, id)).toEqual([]);

    await open(knex);
    expect(await listTables(knex, id)).toEqual(tables);
    for (const table of tables) {
      expect(await knex(table)).toEqual([]);
    }
  });

  it('keep what is in them when the store is opened again', async () => {
    const knex = await databases.open(id);
    await addProvider(await open(knex), provider);
    await open(knex);
    expect(await knex('callboard_github_providers').pluck('provider')).toEqual([
      provider,
    ]);
  });

  it('are made once by replicas that start together', async () => {
    const knex = await databases.open(id);
    await Promise.all([open(knex), open(knex), open(knex)]);
    expect(await knex(migrationTable).pluck('name')).toEqual(
      await migrationSource.getMigrations([]),
    );
  });

  it('are not made when migrations are to be skipped', async () => {
    const knex = await databases.open(id);
    const database = mockServices.database({ knex });
    const skipping = { ...database, migrations: { skip: true } };
    if (id === 'POSTGRES_15') {
      await openGithubStore(skipping);
      expect(await listTables(knex, id)).toEqual([]);
    }
    await open(knex);
    await openGithubStore(skipping);
    expect(await listTables(knex, id)).toEqual(tables);
  });

  it('keep the right of another process on PostgreSQL, and on SQLite there is no other', async () => {
    const knex = await databases.open(id);
    const store = await open(knex);
    await addProvider(store, provider);
    await acquireLease(store, provider, 'before', 60_000);
    await open(knex);
    expect(await acquireLease(store, provider, 'after', 60_000)).toBe(
      id === 'SQLITE_FILE',
    );
  });
});

it('a database of another kind is refused, with what is needed', async () => {
  await expect(open(createKnex({ client: 'mysql2' }))).rejects.toThrow(
    "needs PostgreSQL or SQLite, but the database of the catalog is 'mysql2'",
  );
});
