import { mockServices } from '@backstage/backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { createTestOutboxes } from './__testUtils__/createTestOutboxes';
import { RecordingEvents } from './__testUtils__/RecordingEvents';
import { createMigrationSource } from './migrations';
import { sharedOutbox } from './OutboxTable';
import { Outbox } from './Outbox';

const outboxes = createTestOutboxes();

const tables = ['callboard_outbox', 'callboard_outbox_refused'];

async function findTables(knex: Knex): Promise<string[]> {
  const found = await Promise.all(
    tables.map(async table =>
      (await knex.schema.hasTable(table)) ? [table] : [],
    ),
  );
  return found.flat();
}

const create = (knex: Knex, skipMigrations = false) =>
  Outbox.create({
    database: mockServices.database({
      knex,
      migrations: { skip: skipMigrations },
    }),
    events: new RecordingEvents(),
    logger: mockServices.logger.mock(),
  });

describe.each(outboxes.ids)('the tables of an outbox on %s', id => {
  it('go up from nothing and down again, twice', async () => {
    const knex = await outboxes.openEmpty(id);
    const migrations = {
      migrationSource: createMigrationSource(sharedOutbox),
    };
    for (let round = 0; round < 2; round += 1) {
      await knex.migrate.latest(migrations);
      await expect(findTables(knex)).resolves.toEqual(tables);
      await knex.migrate.rollback(migrations, true);
      await expect(findTables(knex)).resolves.toEqual([]);
    }
  });

  it('are made once when replicas start at the same time, beside those of the plugin', async () => {
    const knex = await outboxes.openEmpty(id);
    // As a plugin leaves it: knex refuses migrations that it does not know.
    await knex.schema.createTable('knex_migrations', table => {
      table.increments();
      table.string('name');
    });
    await knex('knex_migrations').insert({ name: '20200101_init.js' });
    await Promise.all(
      [1, 2, 3].map(() => create(outboxes.openConnections(knex))),
    );
    await expect(findTables(knex)).resolves.toEqual(tables);
    await expect(knex('knex_migrations').pluck('name')).resolves.toEqual([
      '20200101_init.js',
    ]);
  });

  it('are left to the administrator when migrations are to be skipped', async () => {
    const knex = await outboxes.openEmpty(id);
    await create(knex, true);
    await expect(findTables(knex)).resolves.toEqual([]);
  });
});

describe('opening an outbox', () => {
  it('refuses a database that is neither PostgreSQL nor SQLite', async () => {
    await expect(create(createKnex({ client: 'mysql2' }))).rejects.toThrow(
      /'mysql2'.*'pg' or 'better-sqlite3'/,
    );
  });

  it("refuses an events service that is not Callboard's", async () => {
    const opening = Outbox.create({
      database: mockServices.database({ knex: createKnex({ client: 'pg' }) }),
      events: { publish: async () => {}, subscribe: async () => {} },
      logger: mockServices.logger.mock(),
    });
    await expect(opening).rejects.toThrow(
      '@callboard/backstage-plugin-events-backend',
    );
  });
});
