import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { describeEvent } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import { userInput } from './__testUtils__/entities';
import {
  beginScaffolder,
  startScaffolder,
  type PortalDatabases,
} from './__testUtils__/startScaffolder';

jest.setTimeout(120_000);

const databases = createTestDatabases();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

async function open(id: TestDatabaseId): Promise<PortalDatabases> {
  return {
    scaffolder: await databases.open(id),
    events: await databases.open(id),
  };
}

async function start(options: Parameters<typeof startScaffolder>[0]) {
  const scaffolder = await startScaffolder(options);
  stops.push(scaffolder.stop);
  return scaffolder;
}

/** Leaves a task as a worker does that has claimed it and died. */
async function claimAndDie(knex: Knex, taskId: string) {
  await knex('tasks')
    .where({ id: taskId })
    .update({
      status: 'processing',
      last_heartbeat_at: knex.raw(
        knex.client.config.client === 'pg'
          ? `now() - interval '1 minute'`
          : `datetime('now', '-1 minute')`,
      ),
    });
}

/** Everything that is in a database, but what is in its tables. */
async function describeSchema(knex: Knex): Promise<unknown> {
  if (knex.client.config.client !== 'pg') {
    return knex('sqlite_master')
      .whereNot('name', 'like', 'sqlite_%')
      .orderBy('name')
      .select('type', 'name', 'sql');
  }
  const { rows } = await knex.raw(
    `SELECT c.relname AS name, a.attname AS part, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_class AS c
       LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
       WHERE c.relnamespace = current_schema()::regnamespace
     UNION ALL
     SELECT proname, NULL, 'function' FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
     UNION ALL
     SELECT tgname, tgrelid::regclass::text, 'trigger' FROM pg_trigger WHERE NOT tgisinternal
     ORDER BY 1, 2, 3`,
  );
  return rows;
}

describe.each(databases.ids)('the scaffolder with its module on %s', id => {
  it('tells of a task that completes, from which template and by whom', async () => {
    const { create, recorder } = await start({ databases: await open(id) });
    const taskId = await create('completes');
    await expect(recorder.follow(taskId, 3)).resolves.toEqual([
      'created',
      'processing',
      'completed',
    ]);
    expect(recorder.changes[0]).toEqual({
      action: 'created',
      taskId,
      templateRef: 'template:default/completes',
      createdBy: 'user:default/mock',
    });
    expect(describeEvent(recorder.events[0])).toMatchObject({
      key: taskId,
      correlationId: taskId,
    });
    expect(recorder.problems).toEqual([]);
  });

  it('tells of a task that fails, and again when it is retried', async () => {
    const { create, retry, recorder } = await start({
      databases: await open(id),
    });
    const taskId = await create('fails');
    await recorder.follow(taskId, 3);
    await retry(taskId);
    await expect(recorder.follow(taskId, 6)).resolves.toEqual([
      'created',
      'processing',
      'failed',
      'created',
      'processing',
      'failed',
    ]);
    expect(recorder.problems).toEqual([]);
  });

  it('tells that a task is cancelled when its worker has given it up, and of what becomes of it when it is retried', async () => {
    const { create, cancel, retry, recorder } = await start({
      databases: await open(id),
    });
    const taskId = await create('waits');
    await recorder.follow(taskId, 2);
    await cancel(taskId);
    await expect(recorder.follow(taskId, 3)).resolves.toEqual([
      'created',
      'processing',
      'cancelled',
    ]);
    await retry(taskId);
    await recorder.follow(taskId, 5);
    await cancel(taskId);
    await expect(recorder.follow(taskId, 6)).resolves.toEqual([
      'created',
      'processing',
      'cancelled',
      'created',
      'processing',
      'cancelled',
    ]);
    expect(recorder.problems).toEqual([]);
  });

  it('tells of a task as failed that fails after it was cancelled once and retried', async () => {
    const { create, cancel, retry, recorder } = await start({
      databases: await open(id),
    });
    const taskId = await create('fails');
    await recorder.follow(taskId, 3);
    await cancel(taskId);
    await retry(taskId);
    const actions = await recorder.follow(taskId, 6);
    expect(actions.at(-1)).toBe('failed');
  });

  it('tells of a task that is recovered after its worker died', async () => {
    const portal = await open(id);
    const before = await start({
      databases: portal,
      config: { concurrentTasksLimit: 0 },
    });
    const taskId = await before.create('completes');
    await claimAndDie(portal.scaffolder, taskId);
    await before.recorder.follow(taskId, 2);
    await before.stop();

    const { recorder } = await start({
      databases: portal,
      config: { taskRecovery: { enabled: true, staleTimeout: { seconds: 5 } } },
    });
    await recorder.follow(taskId, 3);
    expect([
      ...before.recorder.actionsOf(taskId),
      ...recorder.actionsOf(taskId),
    ]).toEqual(['created', 'processing', 'created', 'processing', 'completed']);
    expect(recorder.problems).toEqual([]);
  });

  it('tells nothing of what users entered', async () => {
    const portal = await open(id);
    const { scaffolder: knex } = portal;
    const { create, recorder, stop } = await start({ databases: portal });
    const taskIds = [await create('completes'), await create('fails')];
    for (const taskId of taskIds) {
      await recorder.follow(taskId, 3);
    }
    expect(JSON.stringify(recorder.events)).not.toContain(userInput);
    await stop();

    // It was there, and nobody relays what is written now.
    const [{ spec }] = await knex('tasks').select('spec');
    expect(spec).toContain(userInput);
    await knex('tasks').update({ status: 'open' });
    const rows = await knex('callboard_scaffolder_outbox');
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain(userInput);
  });

  it('tells of what changed while no process ran, once one runs again', async () => {
    const portal = await open(id);
    const before = await start({ databases: portal });
    const taskId = await before.create('fails');
    await before.recorder.follow(taskId, 3);
    await before.stop();
    await portal.scaffolder('tasks').update({ status: 'open' });

    const { recorder } = await start({ databases: portal });
    await expect(recorder.follow(taskId, 3)).resolves.toEqual([
      'created',
      'processing',
      'failed',
    ]);
  });

  it('makes its triggers anew when a migration of the scaffolder rebuilt its tables', async () => {
    const portal = await open(id);
    const { scaffolder: knex } = portal;
    const before = await start({ databases: portal });
    await before.stop();
    // The last migration of the scaffolder comes again at the next start.
    await knex.schema.alterTable('tasks', table => {
      table.dropColumn('workspace');
    });
    await knex('knex_migrations')
      .where({ name: '20240401213200_workspace.js' })
      .delete();
    if (id === 'POSTGRES_15') {
      await knex.raw('DROP TRIGGER callboard_scaffolder_change ON tasks');
    } else {
      // SQLite rebuilds this table, of which nothing may refer to it by name.
      await knex.schema.alterTable('task_events', table => {
        table.text('body').nullable().alter();
      });
      await expect(
        knex('sqlite_master').where({ type: 'trigger' }),
      ).resolves.toEqual([]);
    }

    const { create, recorder } = await start({ databases: portal });
    const taskId = await create('completes');
    await expect(recorder.follow(taskId, 3)).resolves.toHaveLength(3);
  });

  it('leaves nothing in the database when it is not enabled', async () => {
    const portal = await open(id);
    const without = await start({ databases: portal, module: false });
    await without.stop();
    const schema = await describeSchema(portal.scaffolder);
    const enabled = await start({ databases: portal });
    await enabled.recorder.follow(await enabled.create('completes'), 3);
    await enabled.stop();
    await expect(describeSchema(portal.scaffolder)).resolves.not.toEqual(
      schema,
    );

    const disabled = await start({
      databases: portal,
      config: { events: { enabled: false } },
    });
    await disabled.stop();
    await expect(describeSchema(portal.scaffolder)).resolves.toEqual(schema);
    // And neither does what was never enabled.
    const again = await start({
      databases: portal,
      config: { events: { enabled: false } },
    });
    await again.stop();
    await expect(describeSchema(portal.scaffolder)).resolves.toEqual(schema);
  });

  it('does not start where it may not make the triggers and they are not there', async () => {
    const portal = await open(id);
    const without = await start({ databases: portal, module: false });
    await without.stop();
    const { scaffolder: knex } = portal;
    await expect(
      // What has begun of it may still read events.
      startScaffolder({
        databases: { ...portal, events: await databases.open(id) },
        skipMigrations: true,
      }),
    ).rejects.toThrow('startup failed');
    const migrating = await start({ databases: portal });
    await migrating.stop();
    await knex('tasks').delete();

    const { create, recorder } = await start({
      databases: portal,
      skipMigrations: true,
    });
    const taskId = await create('completes');
    await expect(recorder.follow(taskId, 3)).resolves.toHaveLength(3);
  });

  it('says so when the tables of the scaffolder are not as it knows them, and lets it run', async () => {
    const portal = await open(id);
    const without = await start({ databases: portal, module: false });
    await without.stop();
    await portal.scaffolder.schema.alterTable('tasks', table => {
      table.renameColumn('created_by', 'maker');
    });
    const { logger } = await start({ databases: portal });
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining('this version of it is not known to the module'),
    );
  });
});

(databases.ids.includes('POSTGRES_15') ? describe : describe.skip)(
  'the scaffolder with its module on an empty database of PostgreSQL',
  () => {
    it('answers no request before the triggers stand', async () => {
      const portal = await open('POSTGRES_15');
      const { scaffolder: knex } = portal;
      const untilInstalling = async (isInstalling: boolean) => {
        let waiting: unknown;
        do {
          waiting = await knex('pg_locks')
            .join('pg_database', 'pg_database.oid', 'pg_locks.database')
            .whereRaw('datname = current_database()')
            .where({ locktype: 'advisory', granted: false })
            .first();
        } while (isInstalling !== (waiting !== undefined));
      };
      const lock = await knex.transaction();
      await lock.raw(
        `SELECT pg_advisory_xact_lock(hashtext('callboard_scaffolder_change'))`,
      );
      const scaffolder = beginScaffolder({
        databases: portal,
        // A worker that looks for tasks while the first is made may not hear of it until another is made.
        config: { concurrentTasksLimit: 0 },
      });
      stops.push(scaffolder.stop, async () => {
        if (!lock.isCompleted()) {
          await lock.rollback();
        }
      });
      await untilInstalling(true);
      const creating = scaffolder.create('completes');
      // Time for the request: until the module has given up for once and waits again.
      await untilInstalling(false);
      await untilInstalling(true);
      await expect(knex('tasks')).resolves.toEqual([]);
      await lock.commit();

      const taskId = await creating;
      await expect(scaffolder.recorder.follow(taskId, 1)).resolves.toEqual([
        'created',
      ]);
    });
  },
);
