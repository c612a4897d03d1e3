import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import {
  change,
  createThings,
  createThingsOutbox,
  dropTriggers,
  emitterTable,
  insertThing,
  outboxTable,
  setSeen,
  takeNames,
  things,
} from './__testUtils__/things';
import { ChangeCapture, type SnapshotPage } from './ChangeCapture';

const databases = createTestDatabases();
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** A database with things and an outbox. */
async function prepare(id: TestDatabaseId): Promise<Knex> {
  const knex = await databases.open(id);
  await createThings(knex);
  await createThingsOutbox(knex);
  return knex;
}

/** Waits until a statement waits for a lock. */
async function untilWaiting(knex: Knex, statement: string): Promise<void> {
  for (;;) {
    const waiting = await knex('pg_stat_activity')
      .where({ wait_event_type: 'Lock' })
      .whereRaw('datname = current_database()')
      .whereLike('query', `%${statement}%`);
    if (waiting.length > 0) {
      return;
    }
  }
}

/** A snapshot of three pages. */
async function nextPage(
  _trx: Knex.Transaction,
  from = '0',
): Promise<SnapshotPage> {
  const page = Number(from) + 1;
  return { rows: 1, next: page < 3 ? String(page) : undefined };
}

/** Another client of the same database, which finds names in a schema. */
function createInSchema(knex: Knex, schema: string): Knex {
  const { connection, ...config } = knex.client.config;
  const other = createKnex({
    ...config,
    // The password is hidden from copies by the driver.
    connection: { ...connection, password: connection.password },
    searchPath: [schema],
  });
  closing.push(() => other.destroy());
  return other;
}

describe.each(databases.ids)('the capture of changes on %s', id => {
  it('waits for the columns that are read', async () => {
    const knex = await databases.open(id);
    await createThingsOutbox(knex);
    const capture = new ChangeCapture(knex, things);
    await expect(capture.install()).resolves.toBe('waiting');
    await knex.schema.createTable('things', table => {
      table.integer('id').primary();
    });
    await expect(capture.install()).resolves.toBe('waiting');
    await knex.schema.alterTable('things', table => {
      table.string('name');
    });
    await expect(capture.install()).resolves.toBe('installed');
  });

  it('writes down what is committed, and nothing of what is rolled back', async () => {
    const knex = await prepare(id);
    await new ChangeCapture(knex, things).install();
    await insertThing(knex, 1);
    await knex('things').update({ name: 'renamed' });
    const trx = await knex.transaction();
    await insertThing(trx, 2);
    await trx.rollback();
    await expect(takeNames(knex)).resolves.toEqual(['thing-1', 'renamed']);
  });

  it('is made once by replicas that begin together, and after it was removed', async () => {
    const knex = await prepare(id);
    for (let round = 1; round <= 2; round++) {
      const found = await Promise.all(
        [1, 2, 3].map(() => new ChangeCapture(knex, things).install()),
      );
      expect(found.sort()).toEqual(['installed', 'present', 'present']);
      await insertThing(knex, round);
      await expect(takeNames(knex)).resolves.toHaveLength(1);
      await new ChangeCapture(knex, things).remove();
      await knex('things').update({ name: 'nobody is told' });
      await expect(takeNames(knex)).resolves.toEqual([]);
    }
  });

  it('removes what it made, and does not mind that nothing is there', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    for (let time = 1; time <= 2; time++) {
      await capture.remove();
      for (const table of [emitterTable, 'callboard_things_seen']) {
        await expect(knex.schema.hasTable(table)).resolves.toBe(false);
      }
    }
  });

  it('takes the place of triggers of an earlier version', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    await knex(emitterTable).update({ version: 0, definition: 'another' });
    await expect(capture.install({ snapshotDue: true })).resolves.toBe(
      'renewed',
    );
    await insertThing(knex, 1);
    await expect(takeNames(knex)).resolves.toHaveLength(1);
    // It is not the first time.
    await expect(capture.writeDuePage(nextPage)).resolves.toBeUndefined();
  });

  it('leaves triggers of a later version alone', async () => {
    const knex = await prepare(id);
    await new ChangeCapture(knex, { ...things, version: 2 }).install();
    const capture = new ChangeCapture(knex, things);
    await expect(capture.install()).resolves.toBe('present');
    await expect(capture.find()).resolves.toBe('present');
    await expect(knex(emitterTable).select('version')).resolves.toEqual([
      { version: 2 },
    ]);
  });

  it('goes on with a table of the emitter that an earlier version made', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    for (const column of ['version', 'schema_name', 'snapshot_from']) {
      await knex.raw(`ALTER TABLE ${emitterTable} DROP COLUMN ${column}`);
    }
    await expect(capture.install()).resolves.toBe('renewed');
    await expect(capture.install()).resolves.toBe('present');
    await expect(capture.requestSnapshot()).resolves.toBe(true);
  });

  it('says that changes may be missing when the triggers had gone', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    await dropTriggers(knex);
    await expect(new ChangeCapture(knex, things).install()).resolves.toBe(
      'restored',
    );
  });

  it('makes nothing without an outbox, which another process has removed', async () => {
    const knex = await databases.open(id);
    await createThings(knex);
    await expect(new ChangeCapture(knex, things).install()).resolves.toBe(
      'removed',
    );
    await expect(knex.schema.hasTable(emitterTable)).resolves.toBe(false);
  });

  it('says what to do where the triggers may not be made and are not there', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await expect(capture.find()).rejects.toThrow(
      'The triggers that catch changes of things are not there, or are of another version. Start the plugin of things once with migrations',
    );
    await capture.install();
    await expect(capture.find()).resolves.toBe('present');
  });

  it('is silent when no process said for seven days that it runs, and goes on when one does', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    await setSeen(knex, 6.9);
    await insertThing(knex, 1);
    await expect(takeNames(knex)).resolves.toHaveLength(1);
    const seenAt = await setSeen(knex, 7.1);
    await insertThing(knex, 2);
    await expect(takeNames(knex)).resolves.toEqual([]);
    await expect(capture.sayAlive()).resolves.toEqual(seenAt);
    await expect(capture.sayAlive()).resolves.toBeUndefined();
    await insertThing(knex, 3);
    await expect(takeNames(knex)).resolves.toHaveLength(1);
  });

  it('lets migrations of the plugin change what it reads', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    await knex.schema.alterTable('things', table => {
      table.string('name', 20).notNullable().alter();
    });
    await capture.install();
    await insertThing(knex, 1);
    await expect(takeNames(knex)).resolves.toHaveLength(1);
  });

  it('goes on with a snapshot that is due where it was cut off', async () => {
    const knex = await prepare(id);
    await new ChangeCapture(knex, things).install({ snapshotDue: true });
    const capture = new ChangeCapture(knex, things);
    await expect(capture.install({ snapshotDue: true })).resolves.toBe(
      'present',
    );
    const writePage = jest.fn(nextPage);
    await capture.writeDuePage(writePage);
    await expect(
      capture.writeDuePage(async trx => {
        await insertThing(trx, 1);
        throw new Error('cut off');
      }),
    ).rejects.toThrow('cut off');
    await expect(knex('things').pluck('id')).resolves.toEqual([]);
    await capture.writeDuePage(writePage);
    await expect(capture.writeDuePage(writePage)).resolves.toMatchObject({
      next: undefined,
    });
    await expect(capture.writeDuePage(writePage)).resolves.toBeUndefined();
    expect(writePage.mock.calls.map(([, from]) => from)).toEqual([
      undefined,
      '1',
      '2',
    ]);
  });

  it('has no snapshot due unless it was told so when it was installed, or one is asked for', async () => {
    const knex = await prepare(id);
    const capture = new ChangeCapture(knex, things);
    await capture.install();
    await capture.install({ snapshotDue: true });
    await expect(capture.writeDuePage(nextPage)).resolves.toBeUndefined();
    await expect(capture.requestSnapshot()).resolves.toBe(true);
    await expect(capture.requestSnapshot()).resolves.toBe(false);
    await capture.writeDuePage(nextPage);
    await expect(capture.requestSnapshot()).resolves.toBe(false);
  });
});

it('catches changes on PostgreSQL and SQLite only', () => {
  const knex = createKnex({ client: 'mysql2' });
  expect(() => new ChangeCapture(knex, things)).toThrow(
    "Changes of things are caught on PostgreSQL and SQLite, but the database of the plugin of things is 'mysql2'",
  );
});

(databases.ids.includes('POSTGRES_15') ? describe : describe.skip)(
  'the capture of changes on PostgreSQL',
  () => {
    const id = 'POSTGRES_15';

    it('lets the plugin go on without an outbox, without the table of the emitter, or without a column', async () => {
      const knex = await prepare(id);
      await new ChangeCapture(knex, things).install();
      await knex.schema.renameTable(emitterTable, 'elsewhere');
      await insertThing(knex, 1);
      await knex.schema.renameTable('elsewhere', emitterTable);
      await knex.schema.alterTable('things', table => {
        table.renameColumn('name', 'label');
      });
      await knex('things').insert({ id: 2, label: 'thing-2' });
      await expect(takeNames(knex)).resolves.toEqual([]);
      await knex.schema.alterTable('things', table => {
        table.renameColumn('label', 'name');
      });
      await knex.schema.dropTable(outboxTable);
      await insertThing(knex, 3);
      await expect(knex('things').pluck('id')).resolves.toEqual([1, 2, 3]);
    });

    it('is of no use where a trigger is disabled', async () => {
      const knex = await prepare(id);
      const capture = new ChangeCapture(knex, things);
      await capture.install();
      await knex.raw(`ALTER TABLE things DISABLE TRIGGER ${change}`);
      await expect(capture.install()).resolves.toBe('restored');
      await insertThing(knex, 1);
      await expect(takeNames(knex)).resolves.toHaveLength(1);
    });

    it('waits for whoever holds the table, and does not hold up others meanwhile for long', async () => {
      const knex = await prepare(id);
      const trx = await knex.transaction();
      await insertThing(trx, 1);
      const installing = new ChangeCapture(knex, things).install();
      await untilWaiting(knex, 'CREATE TRIGGER');
      // Both wait behind the one that waits, until that gives up for a while.
      await insertThing(knex, 2);
      await insertThing(knex, 3);
      await trx.commit();
      await expect(installing).resolves.toBe('installed');
    });

    it('waits no longer when it is stopped', async () => {
      const knex = await prepare(id);
      const trx = await knex.transaction();
      await insertThing(trx, 1);
      const capture = new ChangeCapture(knex, things);
      const installing = capture.install();
      await untilWaiting(knex, 'CREATE TRIGGER');
      capture.stop();
      await expect(installing).rejects.toThrow('could not be made');
      await trx.commit();
    });

    it('writes each page of a snapshot once, of replicas that are at it together', async () => {
      const knex = await prepare(id);
      await new ChangeCapture(knex, things).install({ snapshotDue: true });
      const writePage = jest.fn(nextPage);
      await Promise.all(
        Array.from({ length: 6 }, () =>
          new ChangeCapture(knex, things).writeDuePage(writePage),
        ),
      );
      expect(writePage.mock.calls.map(([, from]) => from)).toEqual([
        undefined,
        '1',
        '2',
      ]);
    });

    it('writes into a schema that was given another name, once it was renewed', async () => {
      const knex = await prepare(id);
      await new ChangeCapture(knex, things).install();
      const [{ schema }]: { schema: string }[] = await knex.select({
        schema: knex.raw('current_schema()'),
      });
      await knex.raw('ALTER SCHEMA ?? RENAME TO "it\'s new"', [schema]);
      const renamed = createInSchema(knex, "it's new");
      await insertThing(renamed, 1);
      await expect(takeNames(renamed)).resolves.toEqual([]);
      const capture = new ChangeCapture(renamed, things);
      await expect(capture.install()).resolves.toBe('restored');
      await expect(capture.install()).resolves.toBe('present');
      await insertThing(renamed, 2);
      await expect(takeNames(renamed)).resolves.toEqual(['thing-2']);
    });

    it('writes into the schema that it was installed in, whatever the search path', async () => {
      const direct = await databases.open(id);
      await direct.raw('CREATE SCHEMA elsewhere');
      const knex = createInSchema(direct, 'elsewhere');
      await createThings(knex);
      await createThingsOutbox(knex);
      await new ChangeCapture(knex, things).install();
      await direct('things')
        .withSchema('elsewhere')
        .insert({ id: 1, name: 'thing-1' });
      await expect(takeNames(knex)).resolves.toEqual(['thing-1']);
      await expect(direct.schema.hasTable(outboxTable)).resolves.toBe(false);
    });
  },
);
