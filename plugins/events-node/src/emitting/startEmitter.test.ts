import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import { RecordingEvents } from '../outbox/__testUtils__/RecordingEvents';
import {
  createThings,
  dropTriggers,
  emitterTable,
  insertThing,
  outboxTable,
  setSeen,
  things,
} from './__testUtils__/things';
import { ChangeCapture, type WriteSnapshotPage } from './ChangeCapture';
import type { Snapshot } from './SnapshotTaker';
import { startEmitter } from './startEmitter';

const databases = createTestDatabases();
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

async function start(options: {
  knex: Knex;
  enabled?: boolean;
  snapshot?: Snapshot;
  maxPayloadBytes?: number;
  skipMigrations?: boolean;
}) {
  const { knex, enabled = true, snapshot, maxPayloadBytes } = options;
  const { skipMigrations: skip = false } = options;
  const events = new RecordingEvents();
  const logger = mockServices.logger.mock();
  const lifecycle = mockServices.lifecycle.mock();
  const scheduler = mockServices.scheduler.mock();
  const emitter = await startEmitter({
    capture: new ChangeCapture(knex, things),
    settings: {
      enabled,
      outbox: { maxAgeMs: 60_000, maxRows: 10 },
      maxPayloadBytes,
    },
    translate: ({ payload }) => ({ topic: 'things', eventPayload: payload }),
    snapshot,
    events,
    database: mockServices.database({ knex, migrations: { skip } }),
    lifecycle,
    logger,
    scheduler,
  });
  const stop = async () => {
    for (const [shutDown] of lifecycle.addShutdownHook.mock.calls) {
      await shutDown();
    }
  };
  stops.push(stop);
  const logged = (level: 'info' | 'warn' | 'error', message: string) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (
          logger[level].mock.calls.some(said =>
            said.join(' ').includes(message),
          )
        ) {
          resolve();
        }
      };
      logger[level].mockImplementation(look);
      look();
    });
  return { emitter, events, logger, logged, scheduler, stop };
}

async function prepare(id: TestDatabaseId): Promise<Knex> {
  const knex = await databases.open(id);
  await createThings(knex);
  return knex;
}

describe.each(databases.ids)('an emitter on %s', id => {
  it('tells of changes, and of those too that were made while no process ran', async () => {
    const knex = await prepare(id);
    const first = await start({ knex });
    await first.emitter?.onMigrated();
    await insertThing(knex, 1);
    await first.events.waitFor(1);
    await first.stop();
    expect(first.logger.info.mock.calls).toEqual([
      ['Changes of things are caught from now on'],
    ]);
    await insertThing(knex, 2);
    const { events, logger } = await start({ knex });
    await events.waitFor(1);
    expect(events.log).toMatchObject([{ eventPayload: { name: 'thing-2' } }]);
    expect(logger.info).not.toHaveBeenCalled();
  });

  it('catches changes from the moment that the plugin has made its tables', async () => {
    const knex = await databases.open(id);
    const { emitter, events, logger } = await start({ knex });
    await createThings(knex);
    await emitter?.onMigrated();
    await emitter?.migrated;
    await insertThing(knex, 1);
    await events.waitFor(1);
    expect(logger.error).not.toHaveBeenCalled();
  });

  it('makes the triggers anew that a migration of the plugin removed, and warns of what may be missing', async () => {
    const knex = await prepare(id);
    const { emitter, events, logger } = await start({ knex });
    await dropTriggers(knex);
    await emitter?.onMigrated();
    await insertThing(knex, 1);
    await events.waitFor(1);
    expect(logger.warn.mock.calls).toEqual([
      [
        'The triggers that catch changes of things had gone, as by a migration of the plugin of things, or its schema has another name; they stand again. What changed meanwhile may not have been told of. Count them',
      ],
    ]);
  });

  it('says which version it knows when the tables are others, lets the plugin go on, and looks again', async () => {
    const knex = await prepare(id);
    await knex.schema.alterTable('things', table => {
      table.renameColumn('name', 'label');
    });
    const { emitter, events, logger, scheduler } = await start({ knex });
    await emitter?.onMigrated();
    await emitter?.migrated;
    expect(logger.error.mock.calls).toEqual([
      [
        'The plugin of things does not have the columns that are read (things.id, things.name): this version of it is not known to the module, which knows version 1.2; see the README of the module. Subscribers are not told of changes of things',
      ],
    ]);
    await knex('things').insert({ id: 1, label: 'a' });
    await knex.schema.alterTable('things', table => {
      table.renameColumn('label', 'name');
    });
    const [[task]] = scheduler.scheduleTask.mock.calls;
    await task.fn(new AbortController().signal);
    await insertThing(knex, 2);
    await events.waitFor(1);
    expect(events.log).toMatchObject([{ eventPayload: { name: 'thing-2' } }]);
  });

  it('lets the plugin go on when the triggers cannot be made after its start, and tries again', async () => {
    const knex = await databases.open(id);
    const { emitter, events, logger, scheduler } = await start({ knex });
    await createThings(knex);
    // A table where the emitter wants to have its own.
    await knex.schema.createTable(emitterTable, table => {
      table.integer('wrong');
    });
    await emitter?.onMigrated();
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining(
        'Subscribers are not told of changes of things; it is tried again: Error: The triggers that catch changes of things could not be made',
      ),
    );
    await knex.schema.dropTable(emitterTable);
    const [[task]] = scheduler.scheduleTask.mock.calls;
    await task.fn(new AbortController().signal);
    await insertThing(knex, 1);
    await events.waitFor(1);
  });

  it('starts when the triggers cannot be made at its start, and tries again', async () => {
    const knex = await prepare(id);
    await knex.schema.createTable(emitterTable, table => {
      table.integer('wrong');
    });
    const { emitter, events, logger } = await start({ knex });
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining('could not be made'),
    );
    await expect(emitter?.requestSnapshot()).rejects.toThrow(
      'Changes of things are not caught yet; the log of the portal tells why',
    );
    await knex.schema.dropTable(emitterTable);
    await emitter?.onMigrated();
    await insertThing(knex, 1);
    await events.waitFor(1);
  });

  it('does not start where it may not make the triggers and they are not there', async () => {
    const knex = await prepare(id);
    const made = await start({ knex });
    await made.stop();
    await start({ knex, skipMigrations: true });
    await dropTriggers(knex);
    await expect(start({ knex, skipMigrations: true })).rejects.toThrow(
      'The triggers that catch changes of things are not there',
    );
  });

  it('warns after a silence, with what to do', async () => {
    const knex = await prepare(id);
    const before = await start({ knex });
    await before.stop();
    const seenAt = await setSeen(knex, 8);
    const { logger } = await start({ knex });
    expect(logger.warn.mock.calls).toEqual([
      [
        `No process with this module has run since ${seenAt.toISOString()}. If there were changes of things later than 7 days after that, subscribers were not told of them. Count them`,
      ],
    ]);
  });

  it('says every ten minutes that it runs, in each process, and bounds its outbox', async () => {
    const knex = await prepare(id);
    const { events, scheduler, logger } = await start({ knex });
    events.before = () => {
      throw new Error('The events system is away');
    };
    await insertThing(knex, 1);
    await setSeen(knex, 5);
    await knex('callboard_things_outbox').update({
      created_at: new Date(0).toISOString(),
    });
    const [[task]] = scheduler.scheduleTask.mock.calls;
    expect(task).toMatchObject({ scope: 'local', frequency: { minutes: 10 } });
    await task.fn(new AbortController().signal);
    const [{ seen_at: seenAt }] = await knex(emitterTable).select('seen_at');
    expect(Date.now() - new Date(seenAt).getTime()).toBeLessThan(60_000);
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining('1 changes of things were never published'),
    );
  });

  it('takes a snapshot beside its start, and goes on with one that was cut off', async () => {
    const knex = await prepare(id);
    const writePage = jest.fn<
      ReturnType<WriteSnapshotPage>,
      Parameters<WriteSnapshotPage>
    >(async trx => {
      await trx(outboxTable).insert({ topic: 'things', payload: '"there"' });
      return { rows: 1, next: undefined };
    });
    writePage.mockRejectedValueOnce(new Error('cut off'));
    const snapshot = { writePage, onInstall: true };
    const first = await start({ knex, snapshot });
    await first.logged(
      'error',
      'Subscribers could not be told of everything that is there already; it is gone on with within ten minutes: Error: cut off',
    );
    // It tells of changes all the same.
    await insertThing(knex, 1);
    await first.events.waitFor(1);
    await first.stop();

    const second = await start({ knex, snapshot });
    await second.events.waitFor(1);
    expect(second.events.log).toMatchObject([{ eventPayload: 'there' }]);
    await second.logged(
      'info',
      'A snapshot is complete: this process put 1 rows of it into the outbox',
    );
    await expect(second.emitter?.requestSnapshot()).resolves.toBe(true);
    await second.events.waitFor(2);
    await second.stop();
    await start({ knex, snapshot });
    expect(writePage).toHaveBeenCalledTimes(3);
  });

  it('leaves what triggers of another version wrote to that version', async () => {
    const knex = await prepare(id);
    const { events, logged } = await start({ knex });
    await knex(outboxTable).insert({ topic: 'things.2', payload: '{}' });
    await insertThing(knex, 1);
    await logged(
      'warn',
      "The next row of callboard_things_outbox has the format 'things.2', which this version does not know",
    );
    expect(events.log).toEqual([]);
    await expect(knex(outboxTable)).resolves.toHaveLength(2);
  });

  it('refuses what is too large for the events system', async () => {
    const knex = await prepare(id);
    const { events, logger } = await start({ knex, maxPayloadBytes: 100 });
    // Metadata, topic and key have their share of the limit.
    const name = 'x'.repeat(300_000);
    const refused = new Promise(resolve => {
      logger.error.mockImplementation(resolve);
    });
    await knex('things').insert({ id: 1, name });
    await insertThing(knex, 2);
    await expect(refused).resolves.toContain('can never be published');
    await events.waitFor(1);
    expect(events.log).toMatchObject([{ eventPayload: { name: 'thing-2' } }]);
  });

  it('tells of nothing once another process has removed what it needs', async () => {
    const knex = await prepare(id);
    const { emitter, logged, scheduler } = await start({ knex });
    await start({ knex, enabled: false });
    const [[task]] = scheduler.scheduleTask.mock.calls;
    await task.fn(new AbortController().signal);
    await logged(
      'error',
      'Another process has removed what catches changes of things (things.events.enabled: false). This one tells of nothing until it is started again',
    );
    await expect(emitter?.requestSnapshot()).rejects.toThrow(
      'are not caught yet',
    );
    await expect(knex.schema.hasTable(emitterTable)).resolves.toBe(false);
  });

  it('lets the backend start when it cannot be removed, and tries again', async () => {
    const knex = await prepare(id);
    await (await start({ knex })).stop();
    const isPg = knex.client.config.client === 'pg';
    // Something that depends on the table, and so keeps it.
    await knex.raw(
      isPg
        ? `CREATE VIEW watched AS SELECT * FROM ${emitterTable}`
        : 'SELECT 1',
    );
    const { logged, scheduler } = await start({ knex, enabled: false });
    if (isPg) {
      await logged(
        'error',
        'The module could not be removed from the database',
      );
      await knex.raw('DROP VIEW watched');
      const [[task]] = scheduler.scheduleTask.mock.calls;
      await task.fn(new AbortController().signal);
    }
    await logged('info', 'Nothing of the module is left in the database');
    await expect(knex.schema.hasTable(emitterTable)).resolves.toBe(false);
  });

  it('leaves nothing in the database when it is not enabled', async () => {
    const knex = await prepare(id);
    const enabled = await start({ knex });
    await insertThing(knex, 1);
    await enabled.stop();
    for (let time = 1; time <= 2; time++) {
      const { emitter, logger, scheduler } = await start({
        knex,
        enabled: false,
      });
      expect(emitter).toBeUndefined();
      expect(scheduler.scheduleTask).not.toHaveBeenCalled();
      expect(logger.info).toHaveBeenCalledWith(
        'Nothing of the module is left in the database of the plugin of things (things.events.enabled: false); it can be removed from the backend',
      );
      await insertThing(knex, time + 1);
      await expect(
        knex.schema.hasTable('callboard_things_outbox'),
      ).resolves.toBe(false);
      await expect(knex.schema.hasTable(emitterTable)).resolves.toBe(false);
    }
  });
});
