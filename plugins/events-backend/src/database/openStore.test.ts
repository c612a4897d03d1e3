import { resolvePackagePath } from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { readError } from '../__testUtils__/readError';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';
import { openStore } from './openStore';

const stores = createTestStores();

const migrations = {
  directory: resolvePackagePath(
    '@callboard/backstage-plugin-events-backend',
    'migrations',
  ),
  tableName: 'callboard_knex_migrations',
};

const tables = [
  'callboard_attempts',
  'callboard_batches',
  'callboard_deliveries',
  'callboard_contents',
  'callboard_endpoint_attempts',
  'callboard_endpoint_health',
  'callboard_endpoint_replays',
  'callboard_endpoints',
  'callboard_events',
  'callboard_log',
  'callboard_subscription_topics',
  'callboard_subscriptions',
];

async function findTables(knex: Knex): Promise<string[]> {
  const found = await Promise.all(
    tables.map(async table =>
      (await knex.schema.hasTable(table)) ? [table] : [],
    ),
  );
  return found.flat();
}

function open(knex: Knex, options: { skipMigrations?: boolean } = {}) {
  const logger = mockServices.logger.mock();
  const database = mockServices.database({
    knex,
    migrations: { skip: options.skipMigrations ?? false },
  });
  return {
    logger,
    store: openStore({ database, logger, timeLimitMs: 30_000 }),
  };
}

describe.each(stores.ids)('the tables on %s', storeId => {
  it('go up from nothing and down again, twice', async () => {
    const knex = await stores.openEmpty(storeId);
    for (let round = 0; round < 2; round += 1) {
      await knex.migrate.latest(migrations);
      await expect(findTables(knex)).resolves.toEqual(tables);
      await expect(knex('callboard_log')).resolves.toHaveLength(1);
      await knex.migrate.rollback(migrations, true);
      await expect(findTables(knex)).resolves.toEqual([]);
    }
  });

  it('are made once, however often the store is opened', async () => {
    const knex = await stores.openEmpty(storeId);
    await open(knex).store;
    await knex('callboard_log').update({ tail: 7 });
    await open(knex).store;
    await expect(knex('callboard_log').first('tail')).resolves.toEqual({
      tail: storeId === 'POSTGRES_15' ? '7' : 7,
    });
  });

  it('are made once when replicas start at the same time', async () => {
    const knex = await stores.openEmpty(storeId);
    const { dialect } = await open(knex, { skipMigrations: true }).store;
    const replicas = [1, 2, 3].map(
      () => stores.openReplica({ knex, dialect }).knex,
    );
    await Promise.all(replicas.map(replica => open(replica).store));
    await expect(knex('callboard_log')).resolves.toHaveLength(1);
  });

  it('stand beside those of the stock plugin', async () => {
    const knex = await stores.openEmpty(storeId);
    // As `@backstage/plugin-events-backend` leaves it: knex refuses migrations that it does not know.
    await knex.schema.createTable('knex_migrations', table => {
      table.increments();
      table.string('name');
    });
    await knex('knex_migrations').insert({ name: '20240523100528_init.js' });
    await knex.schema.createTable('event_bus_events', table => {
      table.increments();
    });
    await open(knex).store;
    await expect(findTables(knex)).resolves.toEqual(tables);
    await expect(knex('knex_migrations').pluck('name')).resolves.toEqual([
      '20240523100528_init.js',
    ]);
  });

  it('are left to the administrator when migrations are to be skipped', async () => {
    const knex = await stores.openEmpty(storeId);
    await open(knex, { skipMigrations: true }).store;
    await expect(findTables(knex)).resolves.toEqual([]);
  });

  it('give the clock in milliseconds', async () => {
    const { knex, dialect } = await stores.open(storeId);
    const before = Date.now();
    const row = await knex.first(knex.raw(`${dialect.nowMs} as now`));
    expect(Math.abs(Number(row.now) - before)).toBeLessThan(5_000);
  });
});

describe.each(stores.ids)('an error of the store on %s', storeId => {
  it('holds no payload, within a transaction or without', async () => {
    const { knex } = await stores.open(storeId);
    const insert = (on: Knex) =>
      on('callboard_contents').insert({
        position: 1,
        payload: '"whole payload"',
        metadata: null,
      });
    for (const fail of [() => insert(knex), () => knex.transaction(insert)]) {
      const error = await readError(fail());
      expect(String(error)).toContain('callboard_contents');
      expect(String(error)).not.toContain('whole payload');
    }
  });
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'tables that are being made, on %s',
  () => {
    it('leave nothing behind, no lock either, when their process is killed', async () => {
      const knex = await stores.openEmpty('POSTGRES_15');
      const { dialect } = await open(knex, { skipMigrations: true }).store;
      const replica = stores.openReplica({ knex, dialect });
      const holdUp = await replica.knex.transaction();
      await holdUp.schema.createTable('callboard_batches', table => {
        table.increments();
      });
      const opening = open(knex).store;
      await untilBlocked(replica, 'callboard_batches');
      await expect(
        replica.knex.schema.hasTable('callboard_knex_migrations_lock'),
      ).resolves.toBe(false);
      await holdUp.rollback();
      await opening;
      await expect(findTables(knex)).resolves.toEqual(tables);
    });
  },
);

describe('opening the store', () => {
  it('warns when the database does not survive a restart', async () => {
    const knex = createKnex({
      client: 'better-sqlite3',
      connection: ':memory:',
      useNullAsDefault: true,
    });
    try {
      const { logger, store } = open(knex);
      await store;
      expect(logger.warn).toHaveBeenCalledWith(
        expect.stringContaining('in memory'),
      );
    } finally {
      await knex.destroy();
    }
  });

  it('is durable on a file of SQLite without a warning', async () => {
    const knex = await stores.openEmpty('SQLITE_FILE');
    const { logger, store } = open(knex);
    const { dialect } = await store;
    expect(logger.warn).not.toHaveBeenCalled();
    await dialect.makeDurable(knex);
    await expect(knex.raw('PRAGMA journal_mode')).resolves.toEqual([
      { journal_mode: 'wal' },
    ]);
    await expect(knex.raw('PRAGMA synchronous')).resolves.toEqual([
      { synchronous: 2 },
    ]);
  });

  it('refuses a database that is neither PostgreSQL nor SQLite', async () => {
    const knex = createKnex({ client: 'mysql2' });
    await expect(open(knex).store).rejects.toThrow(
      /backend\.database\.plugin\.events\.client/,
    );
  });
});
