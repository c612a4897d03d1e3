import { resolvePackagePath } from '@backstage/backend-plugin-api';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

const directory = resolvePackagePath(
  '@callboard/backstage-plugin-events-backend',
  'migrations',
);
const name = '20261126000000_endpoints.js';
const tables = [
  'callboard_endpoints',
  'callboard_endpoint_health',
  'callboard_endpoint_attempts',
  'callboard_endpoint_replays',
];

describe.each(stores.ids)('the tables of endpoints on %s', storeId => {
  it('come to a store that has events already, and go again without them', async () => {
    const knex = await stores.openEmpty(storeId);
    const migrations = { directory, tableName: 'callboard_knex_migrations' };
    const findTables = () =>
      Promise.all(tables.map(table => knex.schema.hasTable(table)));

    await knex.migrate.up({
      ...migrations,
      name: '20261122000000_init.js',
    });
    await expect(findTables()).resolves.not.toContain(true);
    await knex('callboard_log').update({ tail: 7 });
    for (let round = 0; round < 2; round += 1) {
      await knex.migrate.up({ ...migrations, name });
      await expect(findTables()).resolves.not.toContain(false);
      await knex.migrate.down({ ...migrations, name });
      await expect(findTables()).resolves.not.toContain(true);
    }
    const { tail } = await knex('callboard_log').first('tail');
    expect(Number(tail)).toBe(7);
  });
});
